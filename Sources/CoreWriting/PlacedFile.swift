internal import Bytes

/// A regular file that is written in place, from an offset on.
package final class PlacedFile: PlacedOutput {
  private let file: OpenFile
  private let name: String
  private let start: UInt64
  package let leavesHoles: Bool
  /// Bytes of the file from `start` on, once it is finished.
  package private(set) var size: UInt64 = 0

  /// A file from offset `start` on. Where it already holds something there, `leavesHoles` must be
  /// false.
  package init(descriptor: Int32, name: String, start: UInt64, leavesHoles: Bool) {
    file = OpenFile(descriptor: descriptor)
    self.name = name
    self.start = start
    self.leavesHoles = leavesHoles
  }

  package func put(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(WriteError) {
    let done = unsafe file.write(bytes, at: start + offset)
    guard done == bytes.count else { throw failure(at: offset + UInt64(done)) }
  }

  package func finish(size: UInt64) throws(WriteError) {
    self.size = size
    guard file.finish(at: start + size) else { throw failure(at: size) }
  }

  package func fail() {}

  private func failure(at offset: UInt64) -> WriteError {
    WriteError(.failed, "\(name): \(describeErrno()), at offset \(offset)")
  }
}
