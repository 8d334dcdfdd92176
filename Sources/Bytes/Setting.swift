/// What whoever asked for a vmcore has said or could say, and a text speaks of. The raw value is the
/// option's name in the public library; a program that shows the text names it in its own way.
package enum Setting: String, CaseIterable, Sendable {
  /// Files at addresses of their own.
  case segments
  /// The address of a raw file's first byte.
  case base
  /// What a raw file leaves out.
  case holes
  /// The QEMU machine whose memory a raw file is.
  case machine
  /// The other files of a split dump.
  case parts
  /// Whether those may be of different dumps.
  case mixesParts
  /// Whether a dump's memory is searched.
  case isRebuilding
  /// The memory of the running machine.
  case oldMemory
  /// The place of the core header.
  case elfcorehdr
  /// Whether the purgatory has run.
  case state
  /// The layout of `/proc/vmcore`.
  case compatibility
  /// The page size of the second kernel.
  case pageSize
  /// Where the core header comes from.
  case header
  /// Whose memory is shown.
  case selection
  /// Whether damage is an error.
  case isStrict
  /// Whether the re-IPL block becomes a note.
  case embedsReIPL
  /// Whether the kernel's behaviour is kept where it loses something.
  case isExact
  /// Whether the purgatory's digest is decisive.
  case verifiesDigest
  /// What is done without a core header.
  case fallback = "fallback.mode"
  /// The architecture for that.
  case architecture = "fallback.architecture"
  /// The memory for that.
  case ram = "fallback.ram"
  /// The text of vmcoreinfo for that.
  case vmcoreinfo = "fallback.vmcoreinfoPath"
  /// What happens where nothing can be left out with certainty.
  case filter = "filter.mode"
  /// Whether an existing output is replaced.
  case mayReplace
}
