#if ArgumentParser
import CommandParser
import Glibc
import VMCore

/// Shows what lies where in a machine's memory.
struct MapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "map", abstract: "Show physical memory to scale: what lies where.")

  @OptionGroup var image: ImageArguments

  @Option(
    help: ArgumentHelp("Write a picture (SVG) to this file instead.", valueName: "FILE"),
    completion: .file(extensions: ["svg"]))
  var svg: String?

  @Flag(help: "Print JSON: every range of each kind.")
  var json = false

  @Flag(help: "Replace the picture if it exists.")
  var force = false

  @Option(
    help: ArgumentHelp(
      "Columns of the text (default: those of the terminal, or 80).",
      valueName: "n"))
  var width: Int?

  func validate() throws {
    if force && svg == nil { throw ValidationError("--force goes with --svg FILE") }
    if json && (svg != nil || width != nil) {
      throw ValidationError("--json has every range: drop --svg, --width")
    }
    if let width, !(40...1000).contains(width) {
      throw ValidationError("--width \(width): expected 40 to 1000")
    }
  }

  func run() throws {
    try image.requireImage()
    let status = Outcome.of {
      let isStandardOutput = svg == "-" || svg == "/dev/stdout"
      let target =
        isStandardOutput ? nil : svg.map { OutputTarget.file(path: $0, mayReplace: force) }
      try target?.check(for: OutputOptions())
      let dump = try image.open()
      Diagnostics.report(dump.report, image)
      if let target {
        try target.write(Array(MapPicture(dump.map).text.utf8))
      } else if isStandardOutput {
        guard StandardOutput.write(MapPicture(dump.map).text) else {
          throw StandardOutput.failure()
        }
      } else if json {
        guard StandardOutput.write(MapDocument(dump.map).json.text + "\n") else {
          throw StandardOutput.failure()
        }
      } else {
        let isTerminal = isatty(STDOUT_FILENO) != 0
        let text = MapText(dump.map, columns: width ?? columns, isColoured: isTerminal)
        guard StandardOutput.write(text.text) else { throw StandardOutput.failure() }
      }
      return dump.report.isPartial ? .partial : .done
    }
    throw status.exitCode
  }

  /// The width of the terminal.
  private var columns: Int {
    var size = winsize()
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return 80
    }
    return min(1000, max(40, Int(size.ws_col)))
  }
}

extension MemoryMap {
  /// What has to be seen of a range of addresses: what must not be missed wherever it lies there,
  /// else what lies in its middle. Nil where nothing does.
  func kind(of range: Range<UInt64>) -> Kind? {
    let middle = range.lowerBound + (range.upperBound - range.lowerBound) / 2
    return parts.first { $0.kind.mustBeSeen && $0.overlaps(range) }?.kind
      ?? parts.first { $0.overlaps(middle..<middle + 1) }?.kind
      ?? parts.first { $0.overlaps(range) }?.kind
  }
}

extension MemoryMap.Part {
  fileprivate func overlaps(_ range: Range<UInt64>) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound > range.lowerBound { high = middle } else { low = middle + 1 }
    }
    return low < ranges.count && ranges[low].overlaps(range)
  }
}

extension MemoryMap.Kind {
  /// Whether it is seen however small it is.
  var mustBeSeen: Bool {
    switch self {
    case .header, .notes, .backup, .missing, .leftOut: true
    case .kernel, .crash, .zero, .ram, .other: false
    }
  }

  /// What the legend calls it.
  var title: String {
    switch self {
    case .header: "core header"
    case .notes: "notes (registers, vmcoreinfo)"
    case .backup: "moved by the purgatory: old place, backup"
    case .missing: "missing: the image lacks it"
    case .leftOut: "left out by a filter"
    case .kernel: "kernel image"
    case .crash: "crash region (second kernel)"
    case .zero: "memory, zeros that are not stored"
    case .ram: "memory of the dump"
    case .other: "in the image, but in no load"
    }
  }

  /// Its letter where there are no colours.
  var letter: Character {
    switch self {
    case .header: "H"
    case .notes: "N"
    case .backup: "B"
    case .missing: "?"
    case .leftOut: "-"
    case .kernel: "K"
    case .crash: "C"
    case .zero: ":"
    case .ram: "#"
    case .other: "+"
    }
  }

  /// Its colour: red, green and blue.
  var colour: (UInt8, UInt8, UInt8) {
    switch self {
    case .header: (0xd6, 0x1f, 0x9c)
    case .notes: (0xf2, 0xc1, 0x14)
    case .backup: (0x17, 0xa5, 0xb8)
    case .missing: (0xd9, 0x2b, 0x2b)
    case .leftOut: (0xe8, 0xa0, 0x9a)
    case .kernel: (0x2f, 0x8f, 0x46)
    case .crash: (0xe0, 0x7b, 0x1a)
    case .zero: (0xb4, 0xc7, 0xe4)
    case .ram: (0x4a, 0x7f, 0xc1)
    case .other: (0x8a, 0x7f, 0xa6)
    }
  }
}

/// A number of bytes as people write it: `12.5 MiB`.
func sizeText(_ bytes: UInt64) -> String {
  let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
  var unit = 0
  var rest = bytes
  var tenths: UInt64 = 0
  while rest >= 1024, unit < units.count - 1 {
    tenths = rest % 1024 * 10 / 1024
    rest /= 1024
    unit += 1
  }
  return unit == 0 || tenths == 0 ? "\(rest) \(units[unit])" : "\(rest).\(tenths) \(units[unit])"
}
#endif
