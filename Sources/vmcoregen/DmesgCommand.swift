import CommandParser
import Glibc
import VMCore

/// Prints the dead kernel's log.
struct DmesgCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dmesg", abstract: "Print the dead kernel's log.")

  @OptionGroup var image: ImageArguments

  @Option(
    help: ArgumentHelp(
      "Only these levels: emerg, alert, crit, err, warn, notice, info, debug; err+ is err and worse.",
      valueName: "LIST"))
  var level: LogLevels?

  @Option(
    help: ArgumentHelp("Only these facilities: kern, user, daemon and so on.", valueName: "LIST"))
  var facility: LogFacilities?

  @Flag(help: "Put facility and level before each record.")
  var decode = false

  @Flag(help: "Put the task or processor that wrote it before each record.")
  var caller = false

  @Flag(help: "Leave out the times.")
  var noTime = false

  @Flag(help: "Print JSON, in the stable form that the manual describes.")
  var json = false

  func validate() throws {
    if json && (decode || caller || noTime) {
      throw ValidationError("--json has everything: drop --decode, --caller, --no-time")
    }
  }

  func run() throws {
    try image.requireImage()
    let status = Outcome.of {
      var log = try KernelLog(
        imageAt: image.image ?? "", options: image.options(),
        isCancelled: { Interruption.isPending })
      var output = GatheredOutput()
      if json {
        try writeJSON(&log, to: &output)
      } else {
        try writeText(&log, to: &output)
      }
      try output.flush()
      report(log)
      return log.damageCount > 0 ? .partial : .done
    }
    throw status.exitCode
  }

  private func isWanted(_ record: KernelLog.Record) -> Bool {
    if let level, !level.contains(record.level) { return false }
    if let facility, !facility.contains(record.facility) { return false }
    return true
  }

  private func writeText(_ log: inout KernelLog, to output: inout GatheredOutput) throws {
    var style = LogStyle()
    style.showsTime = !noTime
    style.showsCaller = caller
    style.showsLevel = decode
    style.isForTerminal = isatty(STDOUT_FILENO) != 0
    while let record = try log.next() {
      if isWanted(record) { try output.write(record.line(style)) }
    }
  }

  /// One record after the other, since a log may be long.
  private func writeJSON(_ log: inout KernelLog, to output: inout GatheredOutput) throws {
    let document = LogDocument()
    try output.write(Array(document.start(log).utf8))
    var isFirst = true
    while let record = try log.next() {
      guard isWanted(record) else { continue }
      try output.write(Array(document.text(record, isFirst: isFirst).utf8))
      isFirst = false
    }
    try output.write(Array(document.end(log, isEmpty: isFirst).utf8))
  }

  private func report(_ log: KernelLog) {
    guard !image.quiet else { return }
    for finding in log.damage { Diagnostics.say("warning: \(finding)") }
    if log.damageCount > log.damage.count {
      Diagnostics.say("warning: and \(log.damageCount - log.damage.count) more of the kind")
    }
    guard image.verbose else { return }
    Diagnostics.say(
      "the log's form is '\(log.form.rawValue)'; \(log.unfinished) records were being written, "
        + "\(log.overwritten) overwritten")
  }
}

/// Standard output by larger pieces.
struct GatheredOutput {
  private var bytes: [UInt8] = []

  mutating func write(_ more: [UInt8]) throws(VMCoreError) {
    bytes += more
    if bytes.count >= 1 << 16 { try flush() }
  }

  mutating func flush() throws(VMCoreError) {
    guard StandardOutput.write(bytes) else { throw StandardOutput.failure() }
    bytes.removeAll(keepingCapacity: true)
  }
}

/// `--level`: names or numbers, each with `+` for what is worse, too.
struct LogLevels: ExpressibleByArgument {
  private var levels: Set<KernelLog.Level> = []

  init?(argument: String) {
    for word in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let name = word.last == "+" ? word.dropLast() : word
      guard
        let level = KernelLog.Level(rawValue: String(name))
          ?? UInt8(name).flatMap(KernelLog.Level.init(number:))
      else { return nil }
      levels.insert(level)
      guard name.count < word.count else { continue }
      levels.formUnion(KernelLog.Level.allCases.filter { $0.number <= level.number })
    }
  }

  func contains(_ level: KernelLog.Level?) -> Bool { level.map(levels.contains) ?? false }
}

/// `--facility`: names or numbers.
struct LogFacilities: ExpressibleByArgument {
  private var facilities: Set<UInt8> = []

  init?(argument: String) {
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let named = (0..<24).first { KernelLog.name(ofFacility: $0) == name }
      guard let facility = named ?? UInt8(name) else { return nil }
      facilities.insert(facility)
    }
  }

  func contains(_ facility: UInt8?) -> Bool { facility.map(facilities.contains) ?? false }
}
