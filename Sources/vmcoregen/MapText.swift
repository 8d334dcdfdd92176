#if ArgumentParser
import VMCore

/// A map of memory as text: a strip to scale that goes on in the next row, and a legend.
struct MapText {
  private(set) var text = ""
  private let map: MemoryMap
  private let isColoured: Bool
  /// Cells of a row, and addresses of a cell.
  private let cells: Int
  private let cell: UInt64
  private let digits: Int

  /// Rows that a strip has at most.
  private static let rows = 12
  /// Ranges that the legend names of each kind.
  private static let shownRanges = 6

  init(_ map: MemoryMap, columns: Int, isColoured: Bool) {
    self.map = map
    self.isColoured = isColoured
    let stretches = map.stretches
    let end = stretches.last?.upperBound ?? 0
    digits = String(end, radix: 16).count
    cells = max(8, columns - digits - 4)
    var cell: UInt64 = 4096
    let total = stretches.reduce(0) { $0 &+ ($1.upperBound - $1.lowerBound) }
    while total / cell >= UInt64(cells * MapText.rows), cell < 1 << 62 { cell *= 2 }
    self.cell = cell
    text += "\(PrintableText.line(map.image)): one cell is \(sizeText(cell))\n\n"
    var last: UInt64?
    for stretch in stretches {
      if let last, stretch.lowerBound > last {
        text += "  nothing in \(sizeText(stretch.lowerBound - last))\n"
      }
      add(stretch)
      last = stretch.upperBound
    }
    text += "\n"
    for part in map.parts { add(part) }
    text += swatch(nil) + " nothing\n"
  }

  private mutating func add(_ stretch: Range<UInt64>) {
    var start = stretch.lowerBound / cell * cell
    while start < stretch.upperBound {
      text += address(start) + "  "
      for _ in 0..<cells where start < stretch.upperBound {
        let end = start.addingReportingOverflow(cell)
        let range = start..<(end.overflow ? .max : end.partialValue)
        text += mark(map.kind(of: range))
        start = range.upperBound
      }
      text += "\n"
    }
  }

  private func address(_ value: UInt64) -> String {
    let text = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  private func mark(_ kind: MemoryMap.Kind?) -> String {
    guard let kind else { return "." }
    guard isColoured else { return String(kind.letter) }
    let (red, green, blue) = kind.colour
    return "\u{1b}[48;2;\(red);\(green);\(blue)m\u{1b}[38;2;255;255;255m\(kind.letter)\u{1b}[0m"
  }

  private func swatch(_ kind: MemoryMap.Kind?) -> String { "  " + mark(kind) }

  private mutating func add(_ part: MemoryMap.Part) {
    let title = part.kind.title
    let padding = String(repeating: " ", count: max(1, 44 - title.count))
    text += "\(swatch(part.kind)) \(title)\(padding)\(sizeText(part.size))\n"
    for range in part.ranges.prefix(MapText.shownRanges) {
      text += "      [\(hex(range.lowerBound)), \(hex(range.upperBound)))"
      if part.ranges.count > 1 { text += " \(sizeText(range.upperBound - range.lowerBound))" }
      text += "\n"
    }
    let rest = part.ranges.count - MapText.shownRanges
    if rest > 0 { text += "      and \(rest) more\n" }
  }
}
#endif
