internal import Bytes

/// Takes bytes at offsets: a file in place, or the records of a flattened file.
package protocol PlacedOutput: AnyObject {
  /// Whether what is never written reads as zero; else zeros have to be written.
  var leavesHoles: Bool { get }
  /// Whether zeros are left out only where a whole piece has nothing else: each piece costs a record.
  var takesWholePieces: Bool { get }

  /// Writes bytes at an offset.
  func put(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(WriteError)

  /// Ends the file at a size.
  func finish(size: UInt64) throws(WriteError)

  /// Tells whoever reads it that there will be no end.
  func fail()
}

extension PlacedOutput {
  package var takesWholePieces: Bool { false }

  /// Writes an array at an offset.
  package func put(_ bytes: [UInt8], at offset: UInt64) throws(WriteError) {
    var failure: WriteError?
    unsafe bytes.withUnsafeBytes { buffer in
      do throws(WriteError) { try unsafe put(buffer, at: offset) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}

/// Gathers small pieces that follow each other, so that an output gets them as large ones.
struct GatheringBuffer {
  private let chunk = Chunk()
  private var count = 0
  /// Offset of the next byte.
  private(set) var end: UInt64

  /// A buffer whose first byte belongs at `start`.
  init(at start: UInt64) {
    end = start
  }

  mutating func append(
    _ bytes: UnsafeRawBufferPointer, to output: any PlacedOutput
  ) throws(WriteError) {
    let size = Chunk.usualSize
    let total = bytes.count
    var done = 0
    while done < total {
      let length = min(size - count, total - done)
      unsafe UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[count...])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[done..<done + length]))
      count += length
      done += length
      end += UInt64(length)
      if count == size { try flush(to: output) }
    }
  }

  mutating func flush(to output: any PlacedOutput) throws(WriteError) {
    guard count > 0 else { return }
    try unsafe output.put(
      UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count]), at: end - UInt64(count))
    count = 0
  }
}
