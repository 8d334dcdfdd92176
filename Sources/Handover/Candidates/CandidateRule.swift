internal import CrashedKernel

/// The rules that tell the crashed kernel's core header from its look-alikes. A rejection always
/// names one of them.
package enum CandidateRule: String, Sendable, CaseIterable {
  /// The second kernel would take the ELF header (`fs/proc/vmcore.c`).
  case acceptable = "R0"
  /// Each PT_NOTE has `p_paddr == p_offset != 0`, `p_vaddr` 0 and `p_align` 0. The header of a file
  /// (of a vmcore, such as the second kernel's own, or of a process) is recognised by `p_paddr` 0.
  case physicalNotes = "R1"
  /// No PT_NOTE claims more bytes, or holds more notes, than is ever walked. What the image lacks
  /// of one is said, and does not count against the header.
  case readableNotes = "R2"
  /// Exactly one VMCOREINFO note, and its text is one.
  case oneVMCoreInfo = "R3"
  /// The loads are ranges of memory, at most one of them read from a backup elsewhere. Firmware
  /// moves several.
  case soundLoads = "R4"
  /// The header lies in the data of none of its own loads: a crash region is always left out.
  case outsideLoads = "R5"
  /// Every note lies in memory of the crashed kernel, that is in some load. Reserved memory can
  /// hold them that no load has (kexec-tools on riscv64, memory that was removed on ppc64).
  case notesInLoads = "R6"
  /// The purgatory's list of checked regions names it.
  case inPurgatoryList = "R7"
  /// The second kernel's command line or device tree names it.
  case named = "R8"
  /// The kernel that its vmcoreinfo describes lies where it says.
  case systemName = "R9"
  /// The crashed kernel's own `kexec_crash_image` has it as a segment.
  case kexecImage = "R10"
  /// It begins a page, as every kexec segment does.
  case pageAligned = "alignment"
  /// The header that the second kernel made of it has the same loads.
  case merged = "merged header"
  /// The purgatory filled its backup region.
  case backupFilled = "backup"
  /// Its CRASHTIME is the latest.
  case latestCrash = "CRASHTIME"
  /// It breaks no more rules than any other.
  case fewestBroken = "rules"
  /// No other header with the same content stands before it.
  case firstCopy = "copy"
}

extension CandidateRule {
  /// Whether the notes of a header that breaks it cannot be relied on.
  var isAboutNotes: Bool { self == .readableNotes || self == .oneVMCoreInfo }
}

/// A rule that a candidate for the core header breaks.
package struct Rejection: Equatable, Sendable {
  package var rule: CandidateRule
  package var reason: String
  /// Whether the candidate is recognised as something else, or nothing can be made of it. The
  /// second kernel knows nothing of the other rules, so that a true header may break them: they
  /// only tell which of several headers is likelier.
  package var isFinal: Bool

  /// A rule, and what was found against what it expects.
  package init(_ rule: CandidateRule, _ reason: String, isFinal: Bool = false) {
    self.rule = rule
    self.reason = reason
    self.isFinal = isFinal
  }

  /// `R5: lies in its own PT_LOAD 7 [0x100000, 0xf000000)`
  package var text: String { "\(rule.rawValue): \(reason)" }
}
