/// The vmcoreinfo note of a recipe's machine.
package struct RecipeVMCoreInfo: Sendable, Equatable {
  /// Whether there is such a note at all.
  package var isPresent = true
  /// The physical address; nil: somewhere in RAM.
  package var address: UInt64?
  /// The release of the crashed kernel.
  package var release = "6.1.0"
  /// BUILD-ID.
  package var buildID: String?
  /// CRASHTIME; nil: the line is missing.
  package var crashTime: UInt64?
  /// Further lines, without the line ends.
  package var lines: [String] = []

  /// The text of the note; CRASHTIME appears only once the machine has crashed.
  package func text(pageSize: UInt64, crashed: Bool) -> String {
    var all = ["OSRELEASE=\(release)"]
    if let buildID { all.append("BUILD-ID=\(buildID)") }
    all.append("PAGESIZE=\(pageSize)")
    all += lines
    if crashed, let crashTime { all.append("CRASHTIME=\(crashTime)") }
    return all.map { $0 + "\n" }.joined()
  }
}
