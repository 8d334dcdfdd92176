package import DumpRecords

/// What the user says about the crashed system.
package struct SearchOptions: Sendable {
  /// `--elfcorehdr`
  package var coreHeader: ELFCoreHeaderParameter?
  /// `--state`
  package var moment: MomentOption = .automatic
  /// Number of threads that scan.
  package var workers = 1
  /// Asked now and then; true stops the search.
  package var isCancelled: @Sendable () -> Bool = { false }
  /// Whether the whole image is searched though the option names the header (`info`).
  package var isThorough = false

  /// Nothing said.
  package init() {}
}

/// `--state`: whether the purgatory has run, where the evidence is not believed.
package enum MomentOption: String, Sendable, CaseIterable {
  case automatic = "auto"
  case before = "pre"
  case after = "post"
}
