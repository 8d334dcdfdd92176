internal import Bytes

/// One bitmap of a kdump-compressed file: bit n of byte n/8, least significant first, is page
/// frame n. It stays in the file; what is kept is how many bits are set before each block in which
/// there are any.
struct KdumpBitmap: Sendable {
  let frames: UInt64
  /// Number of bits that are set.
  let count: UInt64
  private let source: any ByteSource
  private let offset: UInt64
  private let budget: Budget?
  /// The blocks in which a bit is set.
  private let directory: BitmapDirectory

  /// Counts the bits of the first `frames` frames.
  init(
    _ source: any ByteSource, at offset: UInt64, frames: UInt64, _ budget: Budget? = nil
  ) throws(ReadError) {
    self.source = source
    self.offset = offset
    self.frames = frames
    self.budget = budget
    var directory = BitmapDirectory()
    var words = BitmapWords(source, at: offset, frames: frames, budget)
    var frame: UInt64 = 0
    while frame < frames {
      let word = try words.word(at: frame)
      // A hole of the file is as many clear bits.
      if word.bits != 0 { directory.add(UInt64(word.bits.nonzeroBitCount), at: frame) }
      frame = word.end
    }
    count = directory.count
    self.directory = directory
  }

  /// Number of bits that are set before a frame (the number of frames counts as one).
  func rank(of frame: UInt64) throws(ReadError) -> UInt64 {
    guard frame < frames else { return count }
    let (start, before) = directory.known(before: frame)
    guard let start else { return before }
    var rank = before
    for (index, word) in try words(from: start, through: frame).enumerated() {
      let known = frame - (start + UInt64(index) * 64)
      rank += UInt64((known >= 64 ? word : word & ((1 << known) &- 1)).nonzeroBitCount)
    }
    return rank
  }

  /// The bits of the frames from a multiple of 64 on, 64 in a word, through the word of `last`.
  func words(from first: UInt64, through last: UInt64) throws(ReadError) -> [UInt64] {
    let count = Int((min(last, frames - 1) - first) / 64) + 1
    let bytes = try source.bytes(at: offset + first / 8, count: count * 8)
    let padded = bytes + [UInt8](repeating: 0, count: count * 8 - bytes.count)
    let reader = ByteReader(padded, order: .little)
    var words: [UInt64] = []
    words.reserveCapacity(count)
    for index in 0..<count {
      var word: UInt64 = (try? reader.peek(at: index * 8)) ?? 0
      let left = frames - (first + UInt64(index) * 64)
      if left < 64 { word &= (1 << left) &- 1 }
      words.append(word)
    }
    return words
  }

  /// The frame whose bit is the one after `rank` others; nil where there are not so many.
  func frame(ofRank rank: UInt64) throws(ReadError) -> UInt64? {
    guard rank < count, let (block, before) = directory.block(ofRank: rank) else { return nil }
    var left = rank - before
    for (index, word) in try words(from: block.lowerBound, through: block.upperBound - 1)
      .enumerated()
    {
      let bits = UInt64(word.nonzeroBitCount)
      guard left < bits else {
        left -= bits
        continue
      }
      for bit in 0..<64 where word & (1 << bit) != 0 {
        if left == 0 { return block.lowerBound + UInt64(index * 64 + bit) }
        left -= 1
      }
    }
    return nil
  }

  /// Runs that are paid for at once.
  private static let runsAtOnce = 1024
  /// Memory that a run takes by the time the file is opened: a load, a piece, a region.
  private static let runCost: UInt64 = 256

  /// The runs of frames whose bit is set; nil where there are more than `limit`.
  func runs(atMost limit: Int) throws(ReadError) -> [Range<UInt64>]? {
    var runs: [Range<UInt64>] = []
    var words = BitmapWords(source, at: offset, frames: frames, budget)
    var frame: UInt64 = 0
    var start: UInt64?
    var paid = 0
    while frame < frames {
      if runs.count >= paid {
        try budget?.spend(
          UInt64(KdumpBitmap.runsAtOnce) * KdumpBitmap.runCost, .keeping,
          on: "the stretches of memory in the first bitmap")
        paid += KdumpBitmap.runsAtOnce
      }
      let word = try words.word(at: frame)
      if word.isHole {
        if let open = start { runs.append(open..<frame) }
        start = nil
        frame = word.end
        continue
      }
      if word.bits == (start == nil ? 0 : .max), frame + 64 <= frames {
        frame += 64
        continue
      }
      for bit in 0..<min(64, frames - frame) {
        let isSet = word.bits & (1 << bit) != 0
        if isSet, start == nil { start = frame + bit }
        if !isSet, let open = start {
          runs.append(open..<frame + bit)
          start = nil
        }
      }
      guard runs.count <= limit else { return nil }
      frame += 64
    }
    if let open = start { runs.append(open..<frames) }
    return runs
  }
}

/// A bitmap read in order through one buffer, 64 frames at a time; holes of the file are told.
private struct BitmapWords {
  private let source: any ByteSource
  private let offset: UInt64
  private let frames: UInt64
  private let budget: Budget?
  private static let bufferSize = 65_536
  private var buffer: [UInt8] = []
  private var bufferStart: UInt64 = 0

  init(_ source: any ByteSource, at offset: UInt64, frames: UInt64, _ budget: Budget?) {
    self.source = source
    self.offset = offset
    self.frames = frames
    self.budget = budget
  }

  /// The 64 bits from a multiple of 64 on, or the hole that they begin: up to which frame.
  mutating func word(
    at frame: UInt64
  ) throws(ReadError) -> (bits: UInt64, isHole: Bool, end: UInt64) {
    let byte = frame / 8
    if byte < bufferStart || byte + 8 > bufferStart + UInt64(buffer.count) {
      if let end = holeEnd(at: byte), end >= byte + 4096 {
        return (0, true, (end * 8).roundedDown(to: 64))
      }
      try budget?.spend(
        UInt64(BitmapWords.bufferSize) + Budget.callCost, .reading, on: "the bitmaps")
      bufferStart = byte
      let wanted = min(UInt64(BitmapWords.bufferSize), (frames + 7) / 8 - byte)
      buffer = try source.bytes(at: offset + byte, count: Int(wanted))
      let padding = (8 - buffer.count % 8) % 8
      buffer.append(contentsOf: repeatElement(0, count: padding))
    }
    let reader = ByteReader(buffer, order: .little)
    var bits: UInt64 = (try? reader.peek(at: Int(byte - bufferStart))) ?? 0
    if frames - frame < 64 { bits &= (1 << (frames - frame)) &- 1 }
    return (bits, false, frame + 64)
  }

  private func holeEnd(at byte: UInt64) -> UInt64? {
    let extent = source.extent(at: offset + byte)
    // A hole may reach far behind the bitmap: as bits its end would not fit.
    return extent.isHole && extent.end > offset
      ? min(extent.end - offset, frames / 8 + 8) : nil
  }
}
