package import DumpRecords

/// Which kernels' `/proc/vmcore` is rebuilt: the format changed twice.
package enum Compatibility: String, Sendable, CaseIterable {
  /// Before Linux 3.11: nothing is padded to pages.
  case before3_11 = "pre-3.11"
  /// Linux 3.11 to 6.4: header, notes and loads are padded to pages.
  case since3_11 = "3.11"
  /// Since Linux 6.5 (commit 60592fb6b67c): the merged PT_NOTE has `p_align` 4 instead of 0.
  case since6_5 = "6.5"

  /// What a kernel of that release does.
  package init(release: KernelRelease) {
    self =
      if release < KernelRelease(3, 11) {
        .before3_11
      } else if release < KernelRelease(6, 5) {
        .since3_11
      } else {
        .since6_5
      }
  }

  /// `p_align` of the merged PT_NOTE.
  var noteAlignment: UInt64 { self == .since6_5 ? 4 : 0 }

  /// Whether the parts of the file are padded to pages.
  var isPadded: Bool { self != .before3_11 }
}
