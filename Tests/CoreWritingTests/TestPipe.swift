import Bytes
import CoreWriting
import Foundation

/// A pipe whose reader is a thread of its own, or nobody.
final class TestPipe: @unchecked Sendable {
  let writeEnd: Int32
  private let readEnd: Int32
  private var isOpen = true

  init() throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw WriteError(.failed, "no pipe") }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  deinit {
    close(readEnd)
    closeWriteEnd()
  }

  private func closeWriteEnd() {
    if isOpen { close(writeEnd) }
    isOpen = false
  }

  /// What is waiting in it.
  var waiting: Int {
    var count: Int32 = 0
    return ioctl(readEnd, UInt(FIONREAD), &count) == 0 ? Int(count) : -1
  }

  /// What a reader gets of what `body` writes.
  func read(_ body: (Int32) throws -> Void) throws -> [UInt8] {
    let reader = FileHandle(fileDescriptor: dup(readEnd), closeOnDealloc: true)
    let result = Lock<[UInt8]>([])
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      result.value = [UInt8]((try? reader.readToEnd()) ?? Data())
      done.signal()
    }
    defer { closeWriteEnd() }
    try body(writeEnd)
    closeWriteEnd()
    done.wait()
    return result.value
  }

  /// A value for one thread after the other.
  private final class Lock<Value>: @unchecked Sendable {
    var value: Value
    init(_ value: Value) { self.value = value }
  }
}
