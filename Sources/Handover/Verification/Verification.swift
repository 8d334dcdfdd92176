package import Bytes

/// What `verify` says of an image: one row for each thing that can be checked.
package struct Verification: Equatable, Sendable {
  package var rows: [Row]

  /// One check and its answer.
  package struct Row: Equatable, Sendable {
    /// What was checked.
    package var name: String
    package var verdict: Verdict
    /// The answer in a word or two: `matches`, `gone`.
    package var answer: String
    /// What was found, with the places.
    package var detail: String

    /// A row of the table.
    package init(_ name: String, _ verdict: Verdict, _ answer: String, _ detail: String) {
      self.name = name
      self.verdict = verdict
      self.answer = answer
      self.detail = detail
    }
  }

  /// What an answer means for trust in the image.
  package enum Verdict: String, Sendable {
    /// Checked, and as it should be.
    case sound
    /// Checked, and not as it should be.
    case wrong
    /// Not as it was once, which is how it must be at this moment.
    case expected
    /// There is nothing to check.
    case nothing
  }

  /// A table of rows.
  package init(rows: [Row]) {
    self.rows = rows
  }

  /// Every check over what was found.
  package init(_ subject: VerificationSubject) throws(ReadError) {
    rows = []
    for check in VerificationCheck.all { rows += try check.run(subject) }
  }

  /// Whether some row is wrong; nil where there was nothing to check.
  package var isWrong: Bool? {
    if rows.contains(where: { $0.verdict == .wrong }) { return true }
    return rows.contains { $0.verdict == .sound } ? false : nil
  }
}

/// One thing that `verify` checks.
package struct VerificationCheck: Sendable {
  /// The rows of one check; none where it does not concern the image.
  let run: @Sendable (VerificationSubject) throws(ReadError) -> [Verification.Row]

  /// Every check, in the order of the table: a new one is a line here and a file of its own.
  package static let all: [VerificationCheck] = [
    .purgatory, .kexecImage, .systemName, .notes, .headerRegion, .osInfo, .osInfoEntries,
  ]
}
