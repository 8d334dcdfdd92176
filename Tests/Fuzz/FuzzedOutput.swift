import Bytes
import CoreWriting

/// Keeps what a writer puts, so that it can be read back; much of it is refused.
final class FuzzedOutput: ByteTarget {
  let name = "output"
  private var pieces: [(offset: UInt64, bytes: [UInt8])] = []
  private var size: UInt64 = 0
  private var count = 0

  private static let most = 3 << 19

  func put(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(WriteError) {
    count += bytes.count
    guard count <= FuzzedOutput.most else { throw WriteError(.failed, "output: full") }
    pieces.append((offset, Array(bytes)))
  }

  func finish(size: UInt64) throws(WriteError) {
    precondition(pieces.allSatisfy { $0.offset + UInt64($0.bytes.count) <= size })
    self.size = size
  }

  func putZeros(_ range: Range<UInt64>) {}

  /// The file as it was written: what comes later wins.
  var source: some ByteSource { Written(size: size, pieces: pieces) }

  private struct Written: ByteSource {
    let name = "output"
    let size: UInt64
    let pieces: [(offset: UInt64, bytes: [UInt8])]

    func read(
      at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(ReadError) -> Int {
      guard offset < size else { return 0 }
      let end = min(size, offset + UInt64(buffer.count))
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      for (start, bytes) in pieces {
        let part = (start..<start + UInt64(bytes.count)).clamped(to: offset..<end)
        guard !part.isEmpty else { continue }
        UnsafeMutableRawBufferPointer(rebasing: buffer[Int(part.lowerBound - offset)...])
          .copyBytes(from: bytes[Int(part.lowerBound - start)..<Int(part.upperBound - start)])
      }
      return Int(end - offset)
    }

    func extent(at offset: UInt64) -> SourceExtent {
      var next = max(size, offset)
      for (start, bytes) in pieces {
        let end = start + UInt64(bytes.count)
        if start <= offset, offset < end { return SourceExtent(isHole: false, end: end) }
        if start > offset { next = min(next, start) }
      }
      return SourceExtent(isHole: offset < size, end: next)
    }
  }
}
