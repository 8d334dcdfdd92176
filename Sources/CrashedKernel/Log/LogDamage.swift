internal import Bytes

/// What of a log is not sound, and what its kernel had not kept anyway.
package struct LogDamage: Equatable, Sendable {
  /// What is not sound, one line each; the first ones only.
  package private(set) var findings: [String] = []
  /// How many there are.
  package private(set) var count = 0
  /// Records that were being written when the machine stopped.
  package var unfinished = 0
  /// Records that were being overwritten.
  package var overwritten = 0

  /// Nothing found yet.
  package init() {}

  /// Findings that are kept.
  private static let limit = 16

  /// Notes something that cannot be as it is.
  mutating func note(_ finding: @autoclosure () -> String) {
    count += 1
    if findings.count < LogDamage.limit { findings.append(finding()) }
  }
}

/// Gives the records of one form of log, the oldest first.
protocol LogReader: Sendable {
  /// What is not sound of what has been read so far.
  var damage: LogDamage { get }

  /// The next record; nil at the end.
  mutating func next() throws(ReadError) -> LogRecord?
}
