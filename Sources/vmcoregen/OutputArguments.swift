import CommandParser
import VMCore

/// In what form the vmcore is written.
struct OutputArguments: ParsableArguments {
  @Option(
    name: [.customShort("z", allowingJoined: true), .long],
    help: ArgumentHelp(
      "Write the kdump-compressed format, 0 to 9, as -z, -z6 or --compress=6 (default: 1).",
      valueName: "level"))
  var compress: CompressionLevel?

  @Option(
    help: ArgumentHelp(
      "How its pages are packed: zlib, zstd, lzo, snappy or none; zstd with -z1 to -z19.",
      valueName: "form"))
  var compression: OutputOptions.Compression?

  @Option(
    help: ArgumentHelp(
      "elf, kdump (the same as -z), kdump-flattened for 'makedumpfile -R', lime, raw, or s390.",
      valueName: "format"))
  var format: FormatName?

  @Flag(help: "Write the flattened form, which 'makedumpfile -R' takes from a pipe.")
  var flatten = false

  @Option(
    help: ArgumentHelp(
      "Pack what is written as a gzip file, 0 to 9 (default: 1).", valueName: "level"))
  var gzip: CompressionLevel?

  @Option(
    help: ArgumentHelp(
      "With -z -o NAME: write NAME.1, NAME.2 and so on of at most SIZE bytes each.",
      valueName: "SIZE"))
  var splitSize: PhysicalNumber?

  @Option(
    help: ArgumentHelp(
      "Hash what is written: into NAME.sha256, or to standard error.",
      valueName: "sha256"))
  var digest: DigestName?

  @Option(help: "What packs; auto is libdeflate where it is installed, else zlib.")
  var deflate = Automatic<OutputOptions.Engine>()

  func validate() throws {
    if let format, [.lime, .raw, .s390Dump].contains(format),
      compress != nil || compression != nil || flatten
    {
      throw ValidationError(
        "--format=\(format.rawValue) is neither kdump-compressed nor flattened: --gzip packs it")
    }
    if (compress != nil || compression != nil) && format == .elf {
      throw ValidationError(
        "\(compress != nil ? "-z" : "--compression") makes a kdump-compressed file, not an ELF file: --gzip packs the ELF vmcore"
      )
    }
    if let level = compress?.level, !levels.contains(level) {
      throw ValidationError(
        "-z\(level): expected \(levels.lowerBound) to \(levels.upperBound) for "
          + "\((compression ?? .zlib).rawValue)")
    }
    if gzip != nil && isKdump {
      throw ValidationError("--gzip packs the ELF vmcore: drop it, or the kdump format")
    }
    if let level = gzip?.level, level > 9 {
      throw ValidationError("--gzip=\(level): expected 0 to 9")
    }
    if gzip != nil && flatten {
      throw ValidationError("--gzip and --flatten: expected one of them")
    }
    if splitSize != nil && (!isKdump || flatten || format == .kdumpFlattened) {
      throw ValidationError("--split-size goes with -z, and not with the flattened form")
    }
  }

  /// Whether nothing is said of the form.
  var isPlain: Bool {
    !isKdump && format == nil && !flatten && gzip == nil && splitSize == nil
  }

  private var isKdump: Bool {
    compress != nil || compression != nil || format == .kdump || format == .kdumpFlattened
  }

  /// The levels of what packs pages.
  private var levels: ClosedRange<Int> {
    switch compression ?? .zlib {
    case .zlib: 0...9
    case .zstd: 1...19
    case .lzo, .snappy: 1...1
    case .none: 0...9
    }
  }

  /// The same for the library.
  var options: OutputOptions {
    var options = OutputOptions()
    options.format =
      switch format {
      case .lime: .lime
      case .raw: .raw
      case .s390Dump: .s390Dump
      case .elf, .kdump, .kdumpFlattened, nil: isKdump ? .kdump : .elf
      }
    options.isFlattened = flatten || format == .kdumpFlattened
    options.compression = compression ?? .zlib
    if let compress { options.level = compress.level }
    options.gzipLevel = gzip?.level
    options.engine = deflate.value
    options.splitSize = splitSize?.value
    options.hasDigest = digest != nil
    return options
  }
}

/// A level from 0 to 19; how many there are depends on what packs.
struct CompressionLevel: ExpressibleByArgument {
  let level: Int

  init?(argument: String) {
    guard let level = Int(argument), (0...19).contains(level), argument == "\(level)" else {
      return nil
    }
    self.level = level
  }
}

/// `--format`
enum FormatName: String, ExpressibleByArgument, CaseIterable {
  case elf, kdump, lime, raw
  case s390Dump = "s390"
  case kdumpFlattened = "kdump-flattened"
}

/// `--digest`
enum DigestName: String, ExpressibleByArgument, CaseIterable {
  case sha256
}
