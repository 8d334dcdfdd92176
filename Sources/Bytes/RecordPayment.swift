/// Pays for records of an input that are looked at in one pass: many at once, for paying costs as
/// much as a small record does.
package struct RecordPayment: Sendable {
  private let budget: Budget
  private let what: String
  private let account: Budget.Account
  /// What a record costs.
  private let price: UInt64
  private var left = 0

  /// Records that are paid for at once.
  private static let atOnce = 1024

  /// Nothing is paid yet.
  ///
  /// - Parameter what: the records, as the subject of a sentence: `the ranges`.
  package init(
    _ budget: Budget, _ account: Budget.Account = .parsing, price: UInt64 = 1, for what: String
  ) {
    self.budget = budget
    self.account = account
    self.price = price
    self.what = what
  }

  /// Pays for the next record.
  ///
  /// - Throws: an error of kind `tooCostly` where there are too many, or `cancelled`.
  package mutating func payNext() throws(ReadError) {
    if left == 0 {
      try budget.spend(UInt64(RecordPayment.atOnce) * price, account, on: what)
      left = RecordPayment.atOnce
    }
    left -= 1
  }
}
