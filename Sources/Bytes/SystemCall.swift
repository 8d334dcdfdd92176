internal import Glibc
package import SystemPackage

/// Makes a system call, again as long as signals interrupt it.
///
/// - Returns: what it answers, if that is not negative.
/// - Throws: its error, taken out of `errno` before anything else can change that.
package func systemCall<Answer: FixedWidthInteger & SignedInteger>(
  _ call: () -> Answer
) throws(Errno) -> Answer {
  while true {
    do throws(Errno) { return try interruptibleCall(call) } catch {
      guard error == .interrupted else { throw error }
    }
  }
}

/// Makes a system call once; that a signal interrupted it is an error like others.
package func interruptibleCall<Answer: FixedWidthInteger & SignedInteger>(
  _ call: () -> Answer
) throws(Errno) -> Answer {
  let answer = call()
  guard answer < 0 else { return answer }
  throw Errno(rawValue: errno)
}

/// The system's words for an error.
package func describe(_ error: any Error) -> String {
  (error as? Errno)?.description ?? "\(error)"
}

/// The system's words for the current `errno`.
package func describeErrno() -> String {
  Errno(rawValue: errno).description
}
