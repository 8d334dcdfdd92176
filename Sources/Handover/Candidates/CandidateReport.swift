/// One look-alike of the core header, for `info --candidates`.
package struct CandidateReport: Equatable, Sendable {
  /// Physical address under the layout that was chosen.
  package var address: UInt64
  /// nil for the header that was chosen.
  package var rejection: Rejection?
  /// Further facts: what named it.
  package var namedBy: [String]

  /// A candidate and why it lost.
  package init(address: UInt64, rejection: Rejection?, namedBy: [String] = []) {
    self.address = address
    self.rejection = rejection
    self.namedBy = namedBy
  }
}
