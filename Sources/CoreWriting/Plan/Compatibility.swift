internal import DumpRecords
internal import Handover

/// Which kernels' `/proc/vmcore` is rebuilt: the format changed twice.
package enum Compatibility: String, Sendable, CaseIterable {
  /// Before Linux 3.11: nothing is padded to pages.
  case before3_11 = "pre-3.11"
  /// Linux 3.11 to 6.4: header, notes and loads are padded to pages.
  case since3_11 = "3.11"
  /// Since Linux 6.5 (commit 60592fb6b67c): the merged PT_NOTE has `p_align` 4 instead of 0.
  case since6_5 = "6.5"

  /// What a kernel of that release does; nil where the text does not begin with its numbers.
  ///
  /// RHEL 7 and what is made of it (3.10.0, `.el7`, Virtuozzo's `.vz7`) have the layout of 3.11.
  /// Of other distributions none is known to have it early: RHEL 6 (2.6.32, `.el6`), SLES 11
  /// (2.6.32 to 3.0.101) and Oracle's UEK 2 and 3 (2.6.39, which is 3.0, and 3.8.13) are taken by
  /// their numbers.
  package init?(release: String) {
    guard let number = KernelRelease(release) else { return nil }
    let parts = release.split(separator: ".")
    let isOfRHEL7 =
      release.hasPrefix("3.10.0-")
      && parts.contains { $0.hasPrefix("el7") || $0.hasPrefix("vz7") }
    self =
      if number < KernelRelease(3, 11), !isOfRHEL7 {
        .before3_11
      } else if number < KernelRelease(6, 5) {
        .since3_11
      } else {
        .since6_5
      }
  }

  /// What the second kernel's own header shows.
  init(_ merged: MergedLayout) {
    self =
      if merged.pageSize == nil {
        .before3_11
      } else {
        merged.noteAlignment == 4 ? .since6_5 : .since3_11
      }
  }

  /// `p_align` of the merged PT_NOTE.
  var noteAlignment: UInt64 { self == .since6_5 ? 4 : 0 }

  /// Whether the parts of the file are padded to pages.
  var isPadded: Bool { self != .before3_11 }
}
