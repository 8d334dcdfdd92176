import CommandParser
import Glibc
import VMCore

/// The main job: an image in, a vmcore out.
struct WriteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "write",
    abstract: "Write the vmcore that the second kernel would have offered (the default).")

  @OptionGroup var image: ImageArguments

  @Argument(
    help: "Where the vmcore goes, as with -o; standard output by default.", completion: .file())
  var vmcore: String?

  @OptionGroup var form: OutputArguments

  @OptionGroup var filter: FilterArguments

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Write to FILE (mode 0600), which appears only when it is whole.", valueName: "file"),
    completion: .file())
  var output: String?

  @Option(
    help: ArgumentHelp(
      "With -z: divide the pages evenly into several files; given once for each of them.",
      valueName: "FILE"),
    completion: .file())
  var splitInto: [String] = []

  @Flag(help: "Replace an existing output file.")
  var force = false

  @Flag(help: "Write zeros as data instead of leaving holes.")
  var noSparse = false

  @Flag(help: "Write the file that a flattened one stands for, as 'makedumpfile -R' does.")
  var unflatten = false

  @Flag(help: "Write nothing where anything that the crashed kernel left is damaged.")
  var strict = false

  @Flag(
    name: .customLong("embed-reipl"),
    help: "Add the re-IPL block of an s390x machine as a note VMCOREGEN, which readers ignore.")
  var embedReIPL = false

  @Option(
    help: "Whether a vmcore that lacks something ends with status 1 (strict) or 0 (lenient).")
  var status: StatusRule = .strict

  @Flag(help: "Let the disk have the file before it gets its name, as with --status=lenient.")
  var sync = false

  @Flag(
    name: .customLong("keep-partial"),
    help: "Keep what fits on a full disk as a vmcore that says it is incomplete.")
  var keepsPartial = false

  @Flag(help: "Write nothing: say what would be left out, and the size where it can be known.")
  var dryRun = false

  @Option(help: "Progress on standard error: auto is a bar on a terminal, else a line every 10 s.")
  var progress: ProgressStyle = .auto

  mutating func validate() throws {
    if image.oldMemory, vmcore == nil {
      vmcore = image.image
      image.image = nil
    }
    if let vmcore {
      guard output == nil else {
        throw ValidationError("-o \(output ?? "") and the name \(vmcore): expected one of them")
      }
      output = vmcore
    }
    if !splitInto.isEmpty {
      guard output == nil, splitInto.count > 1 else {
        throw ValidationError("--split-into FILE goes twice or more, and with no other output")
      }
      guard form.isSplittable, form.splitSize == nil else {
        throw ValidationError(
          "--split-into goes with -z, and not with the flattened form or --split-size")
      }
    }
    if force && output == nil && splitInto.isEmpty {
      throw ValidationError("--force goes with --output FILE")
    }
    // As for the image; a digest then goes to standard error, and a terminal is refused.
    if output == "-" || output == "/dev/stdout" { output = nil }
    if unflatten { try refuseMore() }
    if form.splitSize != nil && output == nil {
      throw ValidationError("--split-size goes with --output NAME")
    }
  }

  /// What the file holds is not looked into.
  private func refuseMore() throws {
    guard form.isPlain else {
      throw ValidationError("--unflatten writes what the file holds: expected no other form")
    }
    let others = [
      ("--dump-level", filter.dumpLevel != nil), ("--strict", strict),
      ("--embed-reipl", embedReIPL), ("--dry-run", dryRun), ("--part", !image.parts.isEmpty),
      ("--segment", !image.segments.isEmpty), ("--old-memory", image.oldMemory),
    ]
    if let (name, _) = others.first(where: \.1) {
      throw ValidationError("--unflatten writes what the file holds: expected no \(name)")
    }
  }

  func run() throws {
    try image.requireImage()
    let outcome = Outcome.of {
      if output == nil, splitInto.isEmpty, !dryRun, isatty(STDOUT_FILENO) != 0 {
        throw VMCoreError(
          .usage,
          "standard output is a terminal, expected a file or a pipe: '> vmcore' or '-o vmcore'")
      }
      let target = target
      if !dryRun { try check(target) }
      if unflatten {
        return try writeUnflattened(to: target) && status == .strict ? .partial : .done
      }
      let (dump, planned) = try plan(for: target)
      if dryRun { return try forecast(dump, planned) }
      let isShort = Diagnostics.report(try write(planned, to: target))
      let isDamaged = Diagnostics.reportLate(dump, image)
      let isUnfiltered = planned.filter?.isUnfiltered ?? false
      // Without any memory it is of no use to anybody.
      guard dump.report.holdsMemory else { return .partial }
      return (dump.report.isPartial || isDamaged || isUnfiltered || isShort) && status == .strict
        ? .partial : .done
    }
    throw outcome.exitCode
  }

  /// Says what would be written.
  private func forecast(_ dump: CrashDump, _ planned: PlannedOutput) throws -> Outcome {
    let text = FilterText.forecast(of: planned)
    guard StandardOutput.write(text) else { throw StandardOutput.failure() }
    let isUnfiltered = planned.filter?.isUnfiltered ?? false
    return (dump.report.isPartial || isUnfiltered) && status == .strict ? .partial : .done
  }

  /// Finds what stands in the way of the output before the image is searched.
  private func check(_ target: OutputTarget) throws(VMCoreError) {
    do throws(VMCoreError) {
      try target.check(for: options)
    } catch {
      guard vmcore != nil, error.kind == .cannotCreate, CollectorName.current == nil else {
        throw error
      }
      var hinted = error
      hinted.hints.append(
        Message(
          "the second name is that of the output: several files of one memory are "
            + "--segment FILE@ADDR each, those of a split dump --part FILE"))
      throw hinted
    }
  }

  private var options: OutputOptions {
    var options = form.options
    options.splitCount = splitInto.isEmpty ? nil : splitInto.count
    return options
  }

  private var target: OutputTarget {
    if !splitInto.isEmpty {
      let areLeft = form.digest == nil && CollectedFile.areLeftOver(splitInto)
      return .files(splitInto, mayReplace: force || areLeft)
    }
    // Beside one of a set, or of a digest, there may be files that nobody left empty.
    let isAlone = form.splitSize == nil && form.digest == nil
    return output.map {
      .file(path: $0, mayReplace: force || (isAlone && CollectedFile.isLeftOver($0)))
    }
      ?? .descriptor(STDOUT_FILENO, name: "standard output")
  }

  /// Whether the file that was put together lacks something.
  private func writeUnflattened(to target: OutputTarget) throws -> Bool {
    let file = try UnflattenedFile(
      at: image.image ?? "", isCancelled: { Interruption.isPending })
    if !image.quiet {
      for warning in file.warnings { Diagnostics.say("warning: \(Wording.text(warning))") }
    }
    let planned = file.plan(hasDigest: form.digest != nil, workers: image.jobs)
    let isShort = Diagnostics.report(try write(planned, to: target))
    let isDamaged = Diagnostics.reportLate(file.lateWarnings, image)
    return isShort || isDamaged || file.isPartial
  }

  /// Returns why what was written had to end early.
  private func write(_ planned: PlannedOutput, to target: OutputTarget) throws -> VMCoreError? {
    let meter = ProgressMeter(image.quiet ? .none : progress, total: planned.work)
    var control = WriteControl(
      progress: { meter.update($0) }, isCancelled: { Interruption.isPending },
      isSparse: !noSparse,
      notice: { [quiet = image.quiet] in if !quiet { Diagnostics.say("hint: \($0)") } })
    control.keepsPartial = keepsPartial
    control.isDurable = sync || status == .lenient
    defer { meter.finish() }
    let written = try planned.write(to: target, control: control)
    if let digest = written.digest {
      StandardError.write("\(digest)  \(PrintableText.line(output ?? "-"))\n")
    }
    return written.shortage
  }

  /// Opens the image and plans the output; whoever waits for a flattened stream is told where that
  /// fails.
  private func plan(for target: OutputTarget) throws -> (CrashDump, PlannedOutput) {
    do {
      let dump = try image.open { options in
        options.isStrict = strict
        options.embedsReIPL = embedReIPL
      }
      Diagnostics.report(dump.report, image)
      var output = options
      output.filter = filter.options
      output.systemArea = image.systemArea
      let planned = try dump.plan(output, isCancelled: { Interruption.isPending })
      Diagnostics.report(planned.filter, image)
      return (dump, planned)
    } catch {
      if !dryRun { target.abandon(form.options) }
      throw error
    }
  }
}

/// `--status`
enum StatusRule: String, ExpressibleByArgument, CaseIterable {
  case strict, lenient
}
