import ArgumentParser
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
      "elf, kdump (the same as -z), or kdump-flattened for 'makedumpfile -R'.",
      valueName: "format"))
  var format: FormatName?

  @Flag(help: "Write the flattened form, which 'makedumpfile -R' takes from a pipe.")
  var flatten = false

  @Option(
    help: ArgumentHelp(
      "Pack the ELF vmcore as a gzip file, 0 to 9 (default: 1).", valueName: "level"))
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
    if compress != nil && format == .elf {
      throw ValidationError(
        "-z makes a kdump-compressed file, not an ELF file: --gzip packs the ELF vmcore")
    }
    if gzip != nil && (compress != nil || isKdump) {
      throw ValidationError("--gzip packs the ELF vmcore: drop it, or the kdump format")
    }
    if gzip != nil && flatten {
      throw ValidationError("--gzip and --flatten: expected one of them")
    }
    if splitSize != nil && (!isKdump || flatten || format == .kdumpFlattened) {
      throw ValidationError("--split-size goes with -z, and not with the flattened form")
    }
  }

  private var isKdump: Bool { compress != nil || (format ?? .elf) != .elf }

  /// The same for the library.
  var options: OutputOptions {
    var options = OutputOptions()
    options.format = isKdump ? .kdump : .elf
    options.isFlattened = flatten || format == .kdumpFlattened
    if let compress { options.level = compress.level }
    options.gzipLevel = gzip?.level
    options.engine = deflate.value
    options.splitSize = splitSize?.value
    options.hasDigest = digest != nil
    return options
  }
}

/// A level from 0 to 9.
struct CompressionLevel: ExpressibleByArgument {
  let level: Int

  init?(argument: String) {
    guard let level = Int(argument), (0...9).contains(level), argument.count == 1 else {
      return nil
    }
    self.level = level
  }
}

/// `--format`
enum FormatName: String, ExpressibleByArgument, CaseIterable {
  case elf, kdump
  case kdumpFlattened = "kdump-flattened"
}

/// `--digest`
enum DigestName: String, ExpressibleByArgument, CaseIterable {
  case sha256
}
