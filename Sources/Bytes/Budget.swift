/// What one run may cost, by what its input stores: a file that stores little and claims much ends
/// as an error that says what the work was spent on. Every image that a machine left stays far
/// below, for what it makes a reader do grows with what it stores.
///
/// One budget goes through a whole run, with the memory that is read and with the output that is
/// written. Whoever works in a loop whose length an input says spends from it, and learns there, too,
/// that the run was interrupted.
package final class Budget: Sendable {
  /// What is spent. The figures are such that a file of 1 MiB costs two seconds at most.
  package enum Account: Int, Sendable, CaseIterable {
    /// Bytes that are looked at, and ``callCost`` for each time.
    case reading
    /// Records that are looked at: table entries, notes, tokens, frames.
    case parsing
    /// Bytes of memory that is taken for what an input lists.
    case keeping
    /// Bytes of an output that are stored.
    case writing
    /// Zeros that are made, because a pipe or a digest wants those of a hole, too.
    case zeros
  }

  /// What messages call the input.
  private let name: String
  /// Bytes that the input stores; holes of files are not among them.
  package let stored: UInt64
  private let isCancelled: @Sendable () -> Bool
  private let lock = Lock()
  private nonisolated(unsafe) var spent = [UInt64](repeating: 0, count: Account.allCases.count)
  private nonisolated(unsafe) var isCounting = true

  /// A read of any size costs as much as looking at so many bytes.
  package static let callCost: UInt64 = 256

  /// The budget of an input.
  package init(
    _ name: String, stored: UInt64, isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.name = name
    self.stored = stored
    self.isCancelled = isCancelled
  }

  /// The same, of which nothing is spent: an output can be written any number of times.
  package var renewed: Budget { Budget(name, stored: stored, isCancelled: isCancelled) }

  /// Takes an amount off an account.
  ///
  /// - Parameter what: what it is spent on, as the subject of a sentence: `the notes`.
  /// - Throws: an error of kind `tooCostly` where there is not so much left, or `cancelled`.
  package func spend(
    _ amount: UInt64, _ account: Account, on what: @autoclosure () -> String
  ) throws(ReadError) {
    let isCovered = lock.withLock { () -> Bool in
      guard unsafe isCounting else { return true }
      let sum = unsafe spent[account.rawValue].adding(amount) ?? .max
      guard sum <= allowance(account) else { return false }
      unsafe spent[account.rawValue] = sum
      return true
    }
    if !isCovered { throw exhausted(account, what()) }
    if isCancelled() { throw ReadError(cancelled: name) }
  }

  /// Nothing is counted any more: who reads and writes is no part of the run.
  package func endCounting() {
    lock.withLock { unsafe isCounting = false }
  }

  /// What is left of an account.
  package func left(_ account: Account) -> UInt64 {
    lock.withLock { allowance(account) - (unsafe spent[account.rawValue]) }
  }

  /// What may be spent in all: enough for any file of up to 1 MiB, far more for each further byte,
  /// and from 64 MiB on what a machine needs that left so little of terabytes that were never used,
  /// or that are all alike and packed.
  package func allowance(_ account: Account) -> UInt64 {
    let first = min(stored, 1 << 20)
    let more = min(stored, 64 << 20) - first
    let rest = stored - first - more
    let (base, factor, further, last): (UInt64, UInt64, UInt64, UInt64) =
      switch account {
      case .reading: (1 << 30, 64, 4096, 1 << 20)
      case .parsing: (5 << 20, 1, 256, 256)
      case .keeping: (24 << 20, 1, 1, 1)
      case .writing: (64 << 20, 64, 1024, 1 << 16)
      case .zeros: (12 << 30, 64, 65_536, 1 << 22)
      }
    let (product, overflow) = rest.multipliedReportingOverflow(by: last)
    return overflow ? .max : (base + first * factor + more * further).adding(product) ?? .max
  }

  private func exhausted(_ account: Account, _ what: String) -> ReadError {
    let limit = allowance(account)
    let text =
      switch account {
      case .reading: "make a reader look at more than \(limit) bytes"
      case .parsing: "make a reader look at more than \(limit) records"
      case .keeping: "take more than \(limit) bytes of memory"
      case .writing: "would be written as more than \(limit) bytes"
      case .zeros: "hold more than \(limit) zeros that would have to be made"
      }
    return ReadError(
      tooCostly: name, "\(what) \(text), and it stores \(stored) bytes: no machine leaves that")
  }
}
