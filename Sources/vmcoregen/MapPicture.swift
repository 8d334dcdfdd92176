#if ArgumentParser
import VMCore

/// A map of memory as a picture that needs no other file (SVG 1.1).
struct MapPicture {
  private var body = ""
  /// Texts that lie over the lines that cross them.
  private var texts = ""
  private let map: MemoryMap
  /// Vertical place of what comes next.
  private var top = 0
  private let addressesPerPixel: Double

  private static let width = 1200
  private static let margin = 40
  private static let stripHeight = 56
  private static let gap = 26
  /// Ranges of one kind that are named.
  private static let namedRanges = 4
  /// Kinds of which each range is small and has to be found.
  private static let named: [MemoryMap.Kind] = [
    .header, .notes, .backup, .kernel, .crash, .missing,
  ]

  /// What a place of the strip is called.
  private struct Label {
    let x: Int
    let text: String
    let colour: String

    var isLeft: Bool { x < MapPicture.width / 2 }
  }

  private static var inner: Int { width - 2 * margin }

  init(_ map: MemoryMap) {
    self.map = map
    let stretches = map.stretches
    let total = stretches.reduce(0.0) { $0 + Double($1.upperBound - $1.lowerBound) }
    let room = MapPicture.inner - MapPicture.gap * max(0, min(stretches.count, 8) - 1)
    addressesPerPixel = max(1, total / Double(max(1, room)))
    top = 34
    write(
      map.image.split(separator: "/").last.map(String.init) ?? map.image, x: MapPicture.margin,
      size: 18)
    top += 22
    write("physical memory to scale, \(sizeText(UInt64(total)))", x: MapPicture.margin, size: 12)
    top += 16
    addStrip(stretches)
    body += texts
    addLegend()
  }

  /// The whole document.
  var text: String {
    let size = "width=\"\(MapPicture.width)\" height=\"\(top + 20)\""
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <svg xmlns="http://www.w3.org/2000/svg" version="1.1" \(size) \
      viewBox="0 0 \(MapPicture.width) \(top + 20)" font-family="sans-serif">
      <rect width="100%" height="100%" fill="#ffffff"/>
      \(body)</svg>

      """
  }

  /// One strip for all stretches, with a gap between them.
  private mutating func addStrip(_ stretches: [Range<UInt64>]) {
    var left = MapPicture.margin
    var labels: [Label] = []
    let strip = top
    for (index, stretch) in stretches.enumerated() {
      let length = Double(stretch.upperBound - stretch.lowerBound)
      let columns = max(1, Int(length / addressesPerPixel))
      guard left + columns <= MapPicture.width - MapPicture.margin + 2 else { break }
      body += rectangle(left, strip, columns, MapPicture.stripHeight, "#f4f4f4")
      for part in map.parts.reversed() {
        for run in runs(of: part, in: stretch, columns) {
          body += rectangle(
            left + run.lowerBound, strip, run.count, MapPicture.stripHeight, part.kind.web)
        }
      }
      body +=
        "<rect x=\"\(left)\" y=\"\(strip)\" width=\"\(columns)\" height=\"\(MapPicture.stripHeight)\""
        + " fill=\"none\" stroke=\"#444444\"/>\n"
      labels += marks(in: stretch, left, columns)
      if index + 1 < stretches.count {
        let next = stretches[index + 1].lowerBound
        labels.append(
          Label(
            x: left + columns + MapPicture.gap / 2,
            text: "nothing in \(sizeText(next - stretch.upperBound))", colour: "#777777"))
      }
      addScale(stretch, left, columns, below: strip + MapPicture.stripHeight)
      left += columns + MapPicture.gap
    }
    top = strip + MapPicture.stripHeight + 34
    addLabels(labels, from: strip + MapPicture.stripHeight)
  }

  /// Columns that a kind touches; what is small is two wide.
  private func runs(
    of part: MemoryMap.Part, in stretch: Range<UInt64>, _ columns: Int
  ) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for range in part.ranges where range.overlaps(stretch) {
      let held = range.clamped(to: stretch)
      let start = min(columns - 1, column(held.lowerBound, in: stretch))
      var end = min(columns, max(start + 1, column(held.upperBound, in: stretch)))
      if MapPicture.named.contains(part.kind) { end = min(columns, max(end, start + 2)) }
      if let last = runs.last, start <= last.upperBound {
        runs[runs.count - 1] = last.lowerBound..<max(last.upperBound, end)
      } else {
        runs.append(start..<end)
      }
    }
    return runs
  }

  private func column(_ address: UInt64, in stretch: Range<UInt64>) -> Int {
    Int(Double(address - stretch.lowerBound) / addressesPerPixel)
  }

  /// Addresses at both ends and at every quarter, as far as there is room.
  private mutating func addScale(
    _ stretch: Range<UInt64>, _ left: Int, _ columns: Int, below y: Int
  ) {
    let length = stretch.upperBound - stretch.lowerBound
    for quarter in 0...4 as ClosedRange<UInt64> {
      guard columns >= 440 || quarter == 0 || quarter == 4 && columns >= 180 else { continue }
      let address =
        quarter == 4 ? stretch.upperBound : stretch.lowerBound + length / 4 * quarter
      let x = left + columns * Int(quarter) / 4
      body += "<path d=\"M\(x) \(y)v5\" stroke=\"#444444\"/>\n"
      let anchor = quarter == 4 ? "end" : quarter == 0 ? "start" : "middle"
      addText(hex(address), x: x, y: y + 18, size: 11, anchor: anchor)
    }
  }

  private func marks(in stretch: Range<UInt64>, _ left: Int, _ columns: Int) -> [Label] {
    var labels: [Label] = []
    for part in map.parts where MapPicture.named.contains(part.kind) {
      let ranges = part.ranges.filter { $0.overlaps(stretch) }
      let rest = ranges.count - MapPicture.namedRanges
      for (index, range) in ranges.prefix(MapPicture.namedRanges).enumerated() {
        let more = index == MapPicture.namedRanges - 1 && rest > 0 ? ", and \(rest) more" : ""
        let size = sizeText(range.upperBound - range.lowerBound)
        let start = column(max(range.lowerBound, stretch.lowerBound), in: stretch)
        labels.append(
          Label(
            x: left + min(columns, start),
            text: "\(part.kind.title): \(hex(range.lowerBound)) to \(hex(range.upperBound)), "
              + size + more, colour: part.kind.web))
      }
    }
    return labels
  }

  /// A line down from the strip to each label, one below the other. Texts run towards the middle,
  /// and lie over the lines that would cross them.
  private mutating func addLabels(_ labels: [Label], from strip: Int) {
    let sorted = labels.sorted { $0.isLeft && $1.isLeft ? $0.x > $1.x : $0.x < $1.x }
    for label in sorted {
      body += "<path d=\"M\(label.x) \(strip)V\(top)\" stroke=\"\(label.colour)\"/>\n"
      addText(
        label.text, x: label.x + (label.isLeft ? 5 : -5), y: top, size: 12,
        anchor: label.isLeft ? "start" : "end")
      top += 18
    }
    top += 12
  }

  private mutating func addText(_ text: String, x: Int, y: Int, size: Int, anchor: String) {
    texts +=
      "<text x=\"\(x)\" y=\"\(y)\" font-size=\"\(size)\" text-anchor=\"\(anchor)\" "
      + "fill=\"#222222\" stroke=\"#ffffff\" stroke-width=\"4\" paint-order=\"stroke\">"
      + MapPicture.escaped(text) + "</text>\n"
  }

  private mutating func addLegend() {
    for part in map.parts {
      body += rectangle(MapPicture.margin, top - 11, 22, 14, part.kind.web)
      write(part.kind.title, x: MapPicture.margin + 32, size: 13)
      write(sizeText(part.size), x: MapPicture.margin + 400, size: 13)
      top += 22
    }
    body +=
      "<rect x=\"\(MapPicture.margin)\" y=\"\(top - 11)\" width=\"22\" height=\"14\" fill=\"#f4f4f4\""
      + " stroke=\"#bbbbbb\"/>\n"
    write("nothing", x: MapPicture.margin + 32, size: 13)
    top += 8
  }

  private mutating func write(_ text: String, x: Int, size: Int) {
    body +=
      "<text x=\"\(x)\" y=\"\(top)\" font-size=\"\(size)\" fill=\"#222222\">"
      + "\(MapPicture.escaped(text))</text>\n"
  }

  private func rectangle(_ x: Int, _ y: Int, _ width: Int, _ height: Int, _ fill: String)
    -> String
  {
    "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"\(height)\" fill=\"\(fill)\"/>\n"
  }

  /// Text for a document: what XML cannot hold is made visible.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in PrintableText.line(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\u{fffe}", "\u{ffff}": result += "\u{fffd}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension MemoryMap.Kind {
  /// Its colour as pages write it.
  fileprivate var web: String {
    let (red, green, blue) = colour
    return "#"
      + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
#endif
