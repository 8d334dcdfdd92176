import Bytes
import Glibc
import SystemPackage
import Testing

@Suite("A system call")
struct SystemCallTests {
  @Test("is made again where a signal interrupts it")
  func interrupted() throws {
    var calls = 0
    let answer = try systemCall {
      calls += 1
      errno = EINTR
      return calls < 3 ? -1 : 7
    }
    #expect(answer == 7)
    #expect(calls == 3)
  }

  @Test("throws its own error, whatever is called afterwards")
  func failure() {
    let error = #expect(throws: Errno.self) { try systemCall { close(-1) } }
    errno = ENOSPC
    #expect(error == .badFileDescriptor)
  }

  @Test("is made once where whoever calls wants to know of signals")
  func once() {
    #expect(throws: Errno.interrupted) {
      try interruptibleCall {
        errno = EINTR
        return -1
      }
    }
  }
}
