package import Bytes

/// How a running write is watched and stopped.
package struct WriteMonitor: Sendable {
  /// Told how many bytes of the output are done; called by one thread at a time.
  package var progress: @Sendable (UInt64) -> Void
  /// Asked between pieces; true stops the run with ``WriteError/Kind/cancelled``.
  package var isCancelled: @Sendable () -> Bool
  /// Told what the user should know about the form of the output.
  package var notice: @Sendable (String) -> Void

  /// Whether an output that cannot be written to its end is kept as a shorter one, where that can be.
  package var keepsPartial = false

  /// What may be written; nil where nobody counts.
  package var budget: Budget?

  /// Watches nothing unless told to.
  package init(
    progress: @escaping @Sendable (UInt64) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false },
    notice: @escaping @Sendable (String) -> Void = { _ in }, budget: Budget? = nil
  ) {
    self.progress = progress
    self.isCancelled = isCancelled
    self.notice = notice
    self.budget = budget
  }

  /// What a zero costs that is hashed, in zeros that are written.
  static let hashCost: UInt64 = 24

  /// What a byte costs that is packed, in bytes that are looked at.
  static let packingCost: UInt64 = 8

  /// Pays for bytes that are read or written. That the run was interrupted is for those who know how
  /// far it came, and where the output can end.
  func spend(_ amount: UInt64, _ account: Budget.Account) throws(WriteError) {
    do throws(ReadError) {
      try budget?.spend(amount, account, on: "the parts of the output")
    } catch {
      if error.kind != .cancelled { throw WriteError(error) }
    }
  }

  /// Says before the first byte what would come of it otherwise: an output has no more bytes than the
  /// image pays for but zeros, and those are too many.
  func checkZeros(
    of source: any ByteSource, isStored: Bool, isStreamed: Bool, hasDigest: Bool
  ) throws(WriteError) {
    guard let budget else { return }
    let most = budget.left(.writing)
    guard source.size > most else { return }
    let zeros = source.size - most
    let cost = hasDigest ? WriteMonitor.hashCost : 1
    let areMade = isStreamed || hasDigest
    guard isStored || areMade && zeros > budget.left(.zeros) / cost else { return }
    throw WriteError(
      .tooCostly,
      "\(source.name): \(source.size) bytes, nearly all of them zeros that would have to be made, and "
        + "the image stores \(budget.stored): in a file of its own they are holes")
  }
}
