import Bytes
import CoreWriting

/// Keeps what is put, and what is said to be zero.
final class RecordingTarget: ByteTarget {
  let name = "target"
  private(set) var bytes: [UInt8] = []
  private(set) var puts: [Range<UInt64>] = []
  private(set) var zeros: [Range<UInt64>] = []
  private(set) var size: UInt64?

  func put(_ raw: UnsafeRawBufferPointer, at offset: UInt64) {
    let end = Int(offset) + raw.count
    if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
    bytes.replaceSubrange(Int(offset)..<end, with: raw)
    puts.append(offset..<UInt64(end))
  }

  func putZeros(_ range: Range<UInt64>) {
    if !range.isEmpty { zeros.append(range) }
  }

  func finish(size: UInt64) {
    self.size = size
    if bytes.count < Int(size) { bytes += [UInt8](repeating: 0, count: Int(size) - bytes.count) }
  }

  /// Whether every byte below the end was put or said to be zero, and none of them twice.
  var isComplete: Bool {
    var end: UInt64 = 0
    for range in (puts + zeros).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      guard range.lowerBound == end else { return false }
      end = range.upperBound
    }
    return end == size
  }
}
