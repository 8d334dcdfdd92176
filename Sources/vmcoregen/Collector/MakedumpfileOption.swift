import VMCore

/// One option of makedumpfile's language, and what it is here.
/// Source: makedumpfile(8) 1.7.8, `print_info.c`; the letters of its `getopt_long` call.
struct MakedumpfileOption {
  /// What becomes of it.
  enum Meaning {
    /// Options of this program.
    case ours([String])
    /// An option of this program that takes its value.
    case valued(String)
    /// Packs the pages of the kdump-compressed format.
    case packing(OutputOptions.Compression)
    /// What is done at all; by default a dump is written.
    case job(MakedumpfileJob)
    /// What the others are read by.
    case setting(Setting)
    /// Nothing, and nobody needs to know.
    case passedOver
    /// Nothing, for a reason that is said once.
    case ignored(String)
    /// An error: to go on without it would do harm.
    case refused(String)
  }

  /// A value that more than one option of this program depends on.
  enum Setting {
    case level, messages, debugging, flattened, elf, replaces, checksOnly, input
  }

  let short: Character?
  let long: String?
  let takesValue: Bool
  let meaning: Meaning

  /// How messages call it.
  var name: String { long.map { "--\($0)" } ?? short.map { "-\($0)" } ?? "" }

  private static func letter(
    _ letter: Character, value: Bool = false, _ meaning: Meaning
  ) -> MakedumpfileOption {
    MakedumpfileOption(short: letter, long: nil, takesValue: value, meaning: meaning)
  }

  private static func word(
    _ word: String, value: Bool = false, _ meaning: Meaning
  ) -> MakedumpfileOption {
    MakedumpfileOption(short: nil, long: word, takesValue: value, meaning: meaning)
  }

  /// Every option that makedumpfile has.
  static let all: [MakedumpfileOption] = [
    letter("c", .packing(.zlib)),
    letter("l", .packing(.lzo)),
    letter("p", .packing(.snappy)),
    letter("z", .packing(.zstd)),
    letter("E", .setting(.elf)),
    letter("F", .setting(.flattened)),
    letter("d", value: true, .setting(.level)),
    letter("f", .setting(.replaces)),
    letter("D", .setting(.debugging)),
    word("message-level", value: true, .setting(.messages)),
    word("num-threads", value: true, .valued("--jobs")),
    word("check-params", .setting(.checksOnly)),
    word("dry-run", .ours(["--dry-run"])),
    word("show-stats", .ignored("'vmcoregen info --pages' counts the pages of a dump")),
    word("diskset", value: true, .setting(.input)),
    letter("R", .job(.rearrange)),
    word("split", .job(.split)),
    word("reassemble", .job(.reassemble)),
    word("dump-dmesg", .job(.log)),
    word("mem-usage", .job(.memoryUsage)),
    letter("v", .job(.version)),
    letter("h", .job(.help)),
    word("help", .job(.help)),
    letter("x", value: true, .ignored(selfSufficient)),
    letter("i", value: true, .ignored(selfSufficient)),
    word("xen-syms", value: true, .ignored(selfSufficient)),
    word("xen-vmcoreinfo", value: true, .ignored(selfSufficient)),
    word("xen_phys_start", value: true, .ignored(selfSufficient)),
    letter("X", .ignored("pages of other Xen domains are kept")),
    letter("e", .ignored("the descriptors of pages that are left out are kept")),
    word("partial-dmesg", .ignored("the whole log is written")),
    letter("b", value: true, .passedOver),
    word("cyclic-buffer", value: true, .passedOver),
    word("splitblock-size", value: true, .passedOver),
    word("work-dir", value: true, .passedOver),
    word("non-cyclic", .passedOver),
    word("non-mmap", .passedOver),
    letter("g", value: true, .refused("makes a file of a vmlinux, which this program never reads")),
    letter("L", value: true, .refused("this program cannot limit the size of its output")),
    word("config", value: true, .refused(erases)),
    word("eppic", value: true, .refused(erases)),
    word("vtop", value: true, .refused("this program translates no single address")),
  ]

  private static let selfSufficient = "all that is needed is read from the memory itself"
  private static let erases = "this program erases no data, and writes nothing that shall be erased"
}

/// What makedumpfile is started for.
enum MakedumpfileJob {
  case write, rearrange, split, reassemble, log, memoryUsage, version, help
}
