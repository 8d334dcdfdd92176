internal import Bytes
internal import DumpRecords

/// The data of all disks of a dump, one behind the other.
struct SadumpVolumes: Sendable {
  /// The data of one disk.
  private struct Volume {
    let source: any ByteSource
    /// Its part of all data.
    let range: Range<UInt64>
    /// Where that stands on the disk.
    let place: UInt64

    /// The part of the data that the file holds.
    var held: Range<UInt64> {
      let length = place < source.size ? min(range.length, source.size - place) : 0
      return range.lowerBound..<range.lowerBound + length
    }
  }

  private let volumes: [Volume]
  private let name: String
  private let isSet: Bool

  /// The data of disks in their order, so many bytes of it; on the first one it begins at `start`.
  init(_ disks: [SadumpDisk], dataAt start: UInt64, size: UInt64) {
    let isSet = disks[0].partition.diskNumber == 1
    self.isSet = isSet
    name = disks[0].source.name
    var volumes: [Volume] = []
    var before: UInt64 = 0
    // Where the data of a disk begins among all is told by those before it alone.
    let placed = disks.enumerated().prefix { number, disk in
      !isSet || disk.partition.diskNumber == UInt32(number + 1)
    }
    for (number, disk) in placed {
      let place = number == 0 ? start : UInt64(SadumpPartition.size)
      // Only in a set another file follows: else the data simply goes on.
      let end = isSet ? disk.partition.usedSize : UInt64.max
      let length = min(size - before, end - min(place, end))
      volumes.append(
        Volume(source: disk.source, range: before..<before + length, place: place))
      before += length
    }
    self.volumes = volumes
  }

  /// The parts of so many bytes of data that no file holds: ascending.
  func missing(of size: UInt64) -> [Range<UInt64>] {
    RangeSet(volumes.map(\.held)).gaps(in: 0..<size).ranges
  }

  /// Reads a part of the data; what no file holds is zeros.
  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) {
    let wanted = offset..<offset + UInt64(buffer.count)
    var done = 0
    for volume in volumes {
      let part = volume.held.clamped(to: wanted)
      guard !part.isEmpty else { continue }
      let start = Int(part.lowerBound - offset)
      unsafe SadumpVolumes.clear(buffer, done..<start)
      done = Int(part.upperBound - offset)
      let place = volume.place + (part.lowerBound - volume.range.lowerBound)
      let count = try unsafe volume.source.read(
        at: place, into: UnsafeMutableRawBufferPointer(rebasing: buffer[start..<done]))
      guard count == done - start else {
        throw ReadError(
          source: volume.source.name, offset: place + UInt64(count),
          reason: "the file ends inside a page: it shrank while it was read")
      }
    }
    unsafe SadumpVolumes.clear(buffer, done..<buffer.count)
  }

  private static func clear(_ buffer: UnsafeMutableRawBufferPointer, _ range: Range<Int>) {
    guard !range.isEmpty else { return }
    unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[range])
      .initializeMemory(as: UInt8.self, repeating: 0)
  }

  /// Says that memory is missing.
  func warning(_ length: UInt64, first: UInt64) -> Finding {
    let reason: Message =
      isSet
      ? "other disks of the set are not given (\(.parts) names them), or a file was cut off"
      : "the file was cut off"
    return Finding(
      "\(name): \(length.hex) bytes of memory are missing, the first at \(first.hex): \(reason)",
      isPartial: true)
  }
}
