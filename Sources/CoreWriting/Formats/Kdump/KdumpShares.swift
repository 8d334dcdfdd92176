internal import Bytes

/// The files of a split set of a given number while they are written, each with as many pages.
struct KdumpShares {
  private let plan: KdumpPlan
  /// The files, and the frames that each is for.
  private let parts: [(file: KdumpFileWriter, frames: Range<UInt64>)]
  /// The file that is written at present.
  private var current = 0

  /// Begins all files.
  init(
    _ plan: KdumpPlan, targets: [any ByteTarget], keepsPartial: Bool
  ) throws(WriteError) {
    self.plan = plan
    let total = plan.pageCount
    let count = UInt64(targets.count)
    let counts = (0...count).map { total * $0 / count }
    // The first file's frames begin at 0, and each file's where those of the one before end.
    let inner = plan.frames.frames(behind: Array(counts.dropFirst().dropLast()))
    let bounds = [0] + inner + [plan.frames.end]
    var parts: [(file: KdumpFileWriter, frames: Range<UInt64>)] = []
    for (index, target) in targets.enumerated() {
      let frames = bounds[index]..<bounds[index + 1]
      let file = try KdumpFileWriter(
        plan, target: target, room: counts[index + 1] - counts[index], whole: total,
        firstFrame: frames.lowerBound, endFrame: frames.upperBound, isSplit: true,
        keepsPartial: keepsPartial)
      parts.append((file, frames))
    }
    self.parts = parts
  }

  /// Writes what stands before the pages.
  func writeFronts() throws(WriteError) {
    for (file, _) in parts { try file.writeFront() }
  }

  /// Adds packed pages to the files that they belong to.
  mutating func add(_ product: PackedPages) throws(WriteError) {
    var frame = product.frames.lowerBound
    var dataOffset = 0
    while frame < product.frames.upperBound {
      while frame >= parts[current].frames.upperBound { try closePart() }
      let (file, frames) = parts[current]
      let end = min(product.frames.upperBound, frames.upperBound)
      if product.chunk == nil {
        _ = try file.addZeros(end - frame)
      } else {
        let first = product.frames.lowerBound
        dataOffset = try file.add(
          product, from: Int(frame - first), to: Int(end - first), dataOffset: dataOffset,
          limit: .max
        ).dataOffset
      }
      frame = end
    }
  }

  private mutating func closePart() throws(WriteError) {
    try parts[current].file.closePages(endFrame: parts[current].frames.upperBound)
    current += 1
  }

  /// Ends all files.
  mutating func close() throws(WriteError) {
    while current < parts.count { try closePart() }
    let leftOut = plan.leftOutByNow
    for (file, _) in parts {
      try file.rewriteFront(leftOut: leftOut)
      try file.finish()
    }
  }

  /// Whether the files are sound whenever they end.
  var areSound: Bool { parts.allSatisfy(\.file.canEndEarly) }

  /// Ends all files with what fits of the pages: no file has anything behind the first one that is
  /// lacking.
  func endEarly() throws(WriteError) {
    var ends: [(frame: UInt64, end: UInt64)] = []
    for (file, _) in parts { ends.append(try file.putWhatFits()) }
    let first = zip(parts, ends).first { $0.0.frames.upperBound > $0.1.frame }?.1.frame
    let leftOut = plan.leftOutByNow
    for (part, end) in zip(parts, ends) {
      try part.file.finishEarly(from: first ?? plan.frames.end, end: end.end, leftOut: leftOut)
    }
  }
}
