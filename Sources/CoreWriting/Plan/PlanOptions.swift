/// What the user says about the vmcore to be made.
package struct PlanOptions: Sendable {
  /// `--compat`; nil: by OSRELEASE.
  package var compatibility: Compatibility?
  /// `--page-size`; nil: by PAGESIZE.
  package var pageSize: UInt64?
  /// `--exact`: what the kernel does where it loses a load or keeps a second PT_NOTE.
  package var isExact = false
  /// `--embed-reipl`: a note with the re-IPL block behind the crashed kernel's notes.
  package var embedsReIPL = false

  /// Nothing said.
  package init() {}
}
