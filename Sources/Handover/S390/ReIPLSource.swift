package import DumpRecords

/// The places where the re-IPL block of an s390x machine can be, in the order in which they are
/// believed.
package enum ReIPLSource: String, CaseIterable, Sendable {
  /// A note of the input that this program wrote.
  case note = "note"
  /// A key of vmcoreinfo.
  case vmCoreInfo = "vmcoreinfo"
  /// Entry 1 of os_info.
  case osInfo = "os_info"
  /// Lowcore 0xe00 with its checksum at 0xe08, for stand-alone dump tools.
  case lowcore = "lowcore 0xe00"
  /// The kernel's own pointer, through its symbol table.
  case kernelVariable = "reipl_block_actual"
  /// The block of the last IPL, at lowcore 0x14.
  case lastIPL = "lowcore 0x14"

  /// Whether what is found there is the block that the machine was started with, which need not
  /// be the one that it would have been started with again.
  package var isLastIPL: Bool { self == .lastIPL }
}

/// What one source of the re-IPL block answered.
package struct ReIPLReport: Equatable, Sendable {
  package let source: ReIPLSource
  package let answer: Answer

  /// *Absent* falls through; *corrupt* is said, and falls through.
  package enum Answer: Equatable, Sendable {
    case absent(String)
    case found(IPLParameterBlock, at: String)
    case corrupt(String)
  }
}
