import VMCore

/// makedumpfile's command line, said in this program's own options.
struct MakedumpfileLanguage {
  private var job = MakedumpfileJob.write
  private var packing: OutputOptions.Compression?
  private var isELF = false
  private var isFlattened = false
  private var replaces = false
  private var checksOnly = false
  private var levels = [0]
  /// `--message-level`
  private var wantedMessages = Messages.usual
  private var isDebugging = false
  private var ours: [String] = []
  private var inputs: [String] = []
  private var notices: [String] = []
  private var names: [String]

  private let canPack: (OutputOptions.Compression) -> Bool

  /// What the words behind the program's name ask for.
  ///
  /// - Parameter canPack: whether pages can be packed so here.
  static func run(
    _ words: [String], canPack: @escaping (OutputOptions.Compression) -> Bool = \.isAvailable
  ) throws(CollectorError) -> CollectorRun {
    var language = try MakedumpfileLanguage(words, canPack)
    return try language.run()
  }

  private init(
    _ words: [String], _ canPack: @escaping (OutputOptions.Compression) -> Bool
  ) throws(CollectorError) {
    self.canPack = canPack
    let arguments = try MakedumpfileArguments(words)
    // What stands behind "--" is a name, whatever it begins with.
    names = arguments.names.map { $0.count > 1 && $0.hasPrefix("-") ? "./\($0)" : $0 }
    for (option, value) in arguments.options { try take(option, value) }
  }

  private mutating func take(
    _ option: MakedumpfileOption, _ value: String
  ) throws(CollectorError) {
    switch option.meaning {
    case .ours(let options): ours += options
    case .valued(let name): ours.append("\(name)=\(threads(value, option))")
    case .packing(let wanted): packing = available(wanted, option)
    case .job(let job): self.job = job
    case .setting(let setting): try take(setting, value, option)
    case .passedOver: break
    case .ignored(let reason):
      let notice = "\(option.name): is ignored: \(reason)"
      if !notices.contains(notice) { notices.append(notice) }
    case .refused(let reason): throw CollectorError("\(option.name): \(reason)")
    }
  }

  private mutating func take(
    _ setting: MakedumpfileOption.Setting, _ value: String, _ option: MakedumpfileOption
  ) throws(CollectorError) {
    switch setting {
    case .level: levels = try levels(value)
    case .messages:
      let number = number(in: value[...])
      guard (0...31).contains(number) else {
        throw CollectorError("\(option.name) \(value): expected 0 to 31")
      }
      if String(number) != value {
        notices.append("\(option.name) \(value): is taken for \(number)")
      }
      wantedMessages = Messages(rawValue: number)
    case .debugging: isDebugging = true
    case .flattened: isFlattened = true
    case .elf: isELF = true
    case .replaces: replaces = true
    case .checksOnly: checksOnly = true
    case .input: inputs.append(value)
    }
  }

  /// `-d 31`, or `-d 11,31`: the next one where the dump does not fit. What is no number costs no
  /// dump.
  private mutating func levels(_ value: String) throws(CollectorError) -> [Int] {
    let levels = value.split(separator: ",").map { number(in: $0) }
    guard levels.allSatisfy((0...31).contains) else {
      throw CollectorError("-d \(value): expected levels from 0 to 31")
    }
    let taken = levels.isEmpty ? [0] : levels
    let text = taken.map(String.init).joined(separator: ",")
    if text != value { notices.append("-d \(value): is taken for \(text)") }
    return taken
  }

  /// The number at the start of some text; 0 where there is none (`atoi`).
  private func number(in text: Substring) -> Int {
    let sign = text.prefix { $0 == "-" || $0 == "+" }
    let digits = text.dropFirst(sign.count).prefix { ("0"..."9").contains($0) }
    guard sign.count < 2, !digits.isEmpty else { return 0 }
    return Int(sign + digits) ?? .max
  }

  /// Every dump is packed by something that is there: better another file than none.
  private mutating func available(
    _ wanted: OutputOptions.Compression, _ option: MakedumpfileOption
  ) -> OutputOptions.Compression {
    if canPack(wanted) { return wanted }
    notices.append(
      "\(option.name): \(wanted.rawValue) is not installed: the pages are packed with zlib")
    return .zlib
  }

  /// makedumpfile's 0 is its one thread without a helper.
  private mutating func threads(_ value: String, _ option: MakedumpfileOption) -> Int {
    let wanted = number(in: value[...])
    let taken = min(max(1, wanted), 1024)
    if String(wanted) != value || wanted > taken || wanted < 0 {
      notices.append("\(option.name) \(value): is taken for \(taken)")
    }
    return taken
  }
}

// MARK: What is run

extension MakedumpfileLanguage {
  private mutating func run() throws(CollectorError) -> CollectorRun {
    if isELF, packing != nil {
      throw CollectorError("-E and -c, -l, -p or -z: the ELF format packs nothing")
    }
    var run = CollectorRun(notices: messages.contains(.common) ? notices : [])
    switch job {
    case .version: run.text = "\(Version.text), in the language of makedumpfile"
    case .help: run.text = MakedumpfileLanguage.help
    case .write: run = try write(run)
    case .rearrange:
      let name = try named("DUMPFILE", 1...1)[0]
      // Scripts wipe the only copy of what was read here when the status is 0.
      run.steps = [
        .init(
          arguments: ["--unflatten", "--sync"] + ours + replacing + common + ["-", name],
          isWhole: true)
      ]
    case .split: run = try write(run, isSplit: true)
    case .reassemble:
      let files = try named("DUMPFILE1 DUMPFILE2 ... DUMPFILE", 3...Int.max)
      let parts = files[1..<(files.count - 1)].map { "--part=\($0)" }
      // makedumpfile takes the pages as they are packed.
      packing = packing ?? .zlib
      run.steps = [
        .init(
          arguments: pages + parts + ours + replacing + common + lenient + keeping
            + [files[0], files[files.count - 1]],
          isWhole: true)
      ]
    case .log: run.steps = try log()
    case .memoryUsage:
      run.steps = [.init(arguments: ["info", "--pages"] + (try named("VMCORE", 1...1)))]
    }
    if checksOnly { run.steps = [] }
    return run
  }

  /// One attempt for each level.
  private func write(
    _ run: CollectorRun, isSplit: Bool = false
  ) throws(CollectorError) -> CollectorRun {
    var run = run
    let (files, outputs) = try files(isSplit: isSplit)
    let parts = files.dropFirst().map { "--part=\($0)" }
    let target = isSplit ? outputs.map { "--split-into=\($0)" } : []
    let form = (isELF ? ["--format=elf"] : pages) + (isFlattened ? ["--flatten"] : [])
    run.order = .untilOneFits
    // What went into a pipe cannot be taken back.
    let tried = Array(outputs.isEmpty ? levels.prefix(1) : levels[...])
    run.steps = tried.enumerated().map { index, level in
      // A dump is never lost because its pages cannot be told apart.
      let filter = level == 0 ? [] : ["--dump-level=\(level)", "--filter=best-effort"]
      // A smaller dump that is whole is worth more than a part of a large one.
      let last = index == tried.count - 1 ? keeping : []
      return .init(
        arguments: form + filter + parts + ours + (outputs.isEmpty ? [] : replacing) + common
          + lenient + last + target + [files[0]] + (isSplit ? [] : outputs),
        isWhole: true)
    }
    return run
  }

  /// The files of the image, and those that are written.
  private func files(
    isSplit: Bool
  ) throws(CollectorError) -> (images: [String], outputs: [String]) {
    if isSplit, isELF || isFlattened {
      throw CollectorError(
        "--split and \(isELF ? "-E" : "-F"): only files of the compressed format are parts")
    }
    let wanted = inputs.isEmpty ? 1 : 0
    let isDry = ours.contains("--dry-run")
    let image = wanted == 1 ? "VMCORE " : ""
    let found: [String]
    if isSplit {
      found = try named(image + "DUMPFILE1 DUMPFILE2 ...", (wanted + 2)...Int.max)
    } else {
      let hasOutput = !isFlattened && !(isDry && names.count == wanted)
      let count = wanted + (hasOutput ? 1 : 0)
      found = try named(hasOutput ? image + "DUMPFILE" : "VMCORE", count...count)
    }
    return (inputs + found.prefix(wanted), Array(found.dropFirst(wanted)))
  }

  private func log() throws(CollectorError) -> [CollectorRun.Step] {
    let files = try named(isFlattened ? "VMCORE" : "VMCORE [LOGFILE]", 1...(isFlattened ? 1 : 2))
    var steps: [CollectorRun.Step] = []
    if messages.contains(.debug) {
      // SUSE's scripts look for OSRELEASE= and CRASHTIME= among the messages.
      steps.append(
        .init(
          arguments: ["extract", "vmcoreinfo", "--quiet", files[0]], output: .standardError,
          mayFail: true))
    }
    let target = files.dropFirst().first.map {
      CollectorRun.Output.file(path: $0, mayReplace: replaces)
    }
    steps.append(
      .init(
        arguments: ["dmesg"] + quiet + [files[0]], inputs: target == nil ? [] : [files[0]],
        output: target ?? .standard))
    return steps
  }

  private func named(
    _ shape: String, _ count: ClosedRange<Int>
  ) throws(CollectorError) -> [String] {
    guard count.contains(names.count) else {
      throw CollectorError("\(names.count) names of files, expected \(shape)")
    }
    return names
  }

  /// How the pages of the kdump-compressed format are packed.
  private var pages: [String] {
    ["--format=kdump", "--compression=\((packing ?? .none).rawValue)"]
  }

  private var messages: Messages { isDebugging ? wantedMessages.union(.debug) : wantedMessages }

  private var lenient: [String] { ["--status=lenient"] }

  private var quiet: [String] {
    messages.isDisjoint(with: [.common, .debug]) ? ["--quiet"] : []
  }

  private var keeping: [String] { ["--keep-partial"] }

  private var replacing: [String] { replaces ? ["--force"] : [] }

  private var common: [String] {
    (messages.contains(.progress) ? [] : ["--progress=none"]) + quiet
      + (messages.contains(.debug) ? ["--verbose"] : [])
  }

  private static let help = """
    This is vmcoregen, which follows the command line of makedumpfile where it is called so:
      makedumpfile [-c|-l|-p|-z|-E] [-d LEVEL] [-f] VMCORE DUMPFILE
      makedumpfile -F [-c|-l|-p|-z|-E] [-d LEVEL] VMCORE > FLATTENED
      makedumpfile -R DUMPFILE < FLATTENED
      makedumpfile --dump-dmesg VMCORE [LOGFILE]
      makedumpfile --split [-c|-l|-p|-z] [-d LEVEL] [-f] VMCORE DUMPFILE1 DUMPFILE2 ...
      makedumpfile --reassemble DUMPFILE1 DUMPFILE2 ... DUMPFILE
    The manual of vmcoregen says what each option is.
    """
}

/// `--message-level`: a bit for each kind of message.
private struct Messages: OptionSet {
  let rawValue: Int

  static let progress = Messages(rawValue: 1)
  static let common = Messages(rawValue: 2)
  static let errors = Messages(rawValue: 4)
  static let debug = Messages(rawValue: 8)

  /// What makedumpfile says by default.
  static let usual: Messages = [.progress, .common, .errors]
}
