internal import Bytes
internal import Codecs
internal import DumpRecords

/// What can be had of a block in which the head of a chunk is damaged, so that nothing says where the
/// next one stands. The length behind the block tells where its chunks end; those before the damage
/// are counted from its start, those behind it from its end, and each is unpacked and its checksum
/// compared: nothing gets to a place that is not its own.
struct AVMLRescue {
  /// What the first chunks give.
  private(set) var front: (count: UInt64, place: UInt64)
  /// What the last ones give, and where they begin.
  private(set) var back: (count: UInt64, place: UInt64)
  /// Where the chunks end.
  let end: UInt64

  /// Chunks of a block that are looked at to find one with which it goes on.
  private static let mostSteps = 1 << 16
  /// So much memory a packed byte gives at most: snappy copies 64 bytes with three.
  private static let mostGrowth: UInt64 = 32

  /// Looks at a block that should give so many bytes; nil where its end is not to be found, or where
  /// the chunks that are lost cannot have given so much as lacks.
  static func run(
    _ chunks: inout AVMLChunks, from start: UInt64, count: UInt64
  ) throws(ImageError) -> AVMLRescue? {
    guard let end = try end(of: chunks, from: start, count: count) else { return nil }
    var rescue = AVMLRescue(front: (0, start), back: (0, end), end: end)
    var check = AVMLChunkCheck(chunks)
    try rescue.findFront(&chunks, &check, count)
    try rescue.findBack(&chunks, &check, count - rescue.front.count)
    let lost = count - rescue.front.count - rescue.back.count
    let (most, overflow) = (rescue.back.place - rescue.front.place)
      .multipliedReportingOverflow(by: mostGrowth)
    guard !overflow, lost <= most.adding(UInt64(SnappyChunk.mostContent)) ?? .max else {
      return nil
    }
    return rescue
  }

  /// Where the number stands that is the length of what is before it, with a header or nothing
  /// behind.
  static func end(
    of chunks: AVMLChunks, from start: UInt64, count: UInt64
  ) throws(ImageError) -> UInt64? {
    let source = chunks.source
    // What does not shrink at all, in chunks of a few hundred bytes.
    let furthest = start.adding(count)?.adding(count / 32 + 4096) ?? .max
    let size = Int(AVMLChunks.trailerSize)
    var position = start
    // Most blocks of a file of small ones end at once.
    var window = 1 << 12
    while position < min(furthest, source.size) {
      let bytes = try rethrow(
        as: ImageError.init(reading:), source.bytes(at: position, count: window))
      try rethrow(
        as: ImageError.init(reading:),
        chunks.budget.spend(
          UInt64(bytes.count) + Budget.callCost, .reading, on: "the damaged blocks of the AVML file"
        ))
      guard bytes.count >= size else { return nil }
      let found = unsafe bytes.withUnsafeBytes { bytes in
        (0...bytes.count - size).filter { place in
          let word = unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
          let length = position - start + UInt64(place)
          return length > 0 && UInt64(littleEndian: word) == length
        }
      }
      for place in found {
        let end = position + UInt64(place)
        if try LiMEHeader.isHeaderOrEnd(source, at: end + UInt64(size)) { return end }
      }
      position += UInt64(bytes.count - size + 1)
      window = min(2 * window, 1 << 18)
    }
    return nil
  }

  /// Takes chunks from the start as far as they are sound.
  private mutating func findFront(
    _ chunks: inout AVMLChunks, _ check: inout AVMLChunkCheck, _ count: UInt64
  ) throws(ImageError) {
    while case .chunk(let content, let next) = try chunks.step(at: front.place), next <= end,
      content <= count - front.count, try check.isSound(front.place..<next, content)
    {
      front = (front.count + content, next)
    }
  }

  /// Takes the sound chunks at the end, of at most `count` bytes.
  private mutating func findBack(
    _ chunks: inout AVMLChunks, _ check: inout AVMLChunkCheck, _ count: UInt64
  ) throws(ImageError) {
    var steps = 0
    // Where only its bytes are damaged a chunk says itself where the next one is.
    var places = [front.place]
    var start = front.place + 1
    while true {
      for place in places {
        guard let chain = try chain(&chunks, &check, from: place, &steps), chain.count <= count
        else { continue }
        back = chain
        if chain.count > 0 { return }
      }
      guard start < end, steps < AVMLRescue.mostSteps else { return }
      let length = Int(min(end - start, 1 << 18))
      let bytes = try rethrow(
        as: ImageError.init(reading:),
        chunks.source.bytes(at: start, count: length + SnappyChunk.size))
      places = AVMLRescue.heads(in: bytes, length).map { start + UInt64($0) }
      start += UInt64(length)
    }
  }

  /// Places among the first `count` bytes that look like the head of a chunk with memory.
  private static func heads(in bytes: [UInt8], _ count: Int) -> [Int] {
    (0..<min(count, max(0, bytes.count - SnappyChunk.size + 1))).filter { place in
      guard bytes[place] <= SnappyChunk.plain, bytes[place + 3] <= 1 else { return false }
      let length = Int(bytes[place + 1]) | Int(bytes[place + 2]) << 8 | Int(bytes[place + 3]) << 16
      return length > SnappyChunk.sumSize && length <= Int(SnappyChunk.mostLength)
    }
  }

  /// The sound chunks with which a chain ends that leads from a place to the end; nil where none does.
  private func chain(
    _ chunks: inout AVMLChunks, _ check: inout AVMLChunkCheck, from place: UInt64,
    _ steps: inout Int
  ) throws(ImageError) -> (count: UInt64, place: UInt64)? {
    var links: [(place: Range<UInt64>, content: UInt64)] = []
    var position = place
    while position < end {
      steps += 1
      guard steps <= AVMLRescue.mostSteps,
        case .chunk(let content, let next) = try chunks.step(at: position), next <= end
      else { return nil }
      links.append((position..<next, content))
      position = next
    }
    var result: (count: UInt64, place: UInt64) = (0, end)
    for link in links.reversed() {
      guard try check.isSound(link.place, link.content) else { break }
      result = (result.count + link.content, link.place.lowerBound)
    }
    return result
  }
}

/// Unpacks chunks to see whether they are sound.
private struct AVMLChunkCheck {
  private let source: any ByteSource
  private let budget: Budget
  private let unpacker = PackedForm.snappy.unpacker()
  private let output = Chunk(size: SnappyChunk.mostContent)

  init(_ chunks: AVMLChunks) {
    source = chunks.source
    budget = chunks.budget
  }

  /// Whether a chunk gives so many bytes, with the right checksum.
  func isSound(_ place: Range<UInt64>, _ content: UInt64) throws(ImageError) -> Bool {
    guard content > 0 else { return true }
    try rethrow(
      as: ImageError.init(reading:),
      budget.spend(
        place.length + content + Budget.callCost, .reading,
        on: "the damaged blocks of the AVML file"))
    let bytes = try rethrow(
      as: ImageError.init(reading:),
      source.bytes(at: place.lowerBound, count: Int(place.length)))
    guard bytes.count == Int(place.length), let type = bytes.first, let unpacker else {
      return false
    }
    return unsafe bytes.withUnsafeBytes { bytes in
      let inside = unsafe UnsafeRawBufferPointer(rebasing: bytes[SnappyChunk.size...])
      let count = unsafe SnappyChunk.unpack(
        inside, type: type, into: output.bytes, hasSum: true
      ) { unsafe unpacker.unpack($0, into: $1) }
      return count == Int(content)
    }
  }
}

extension SnappyChunk {
  /// Unpacks what follows the head of a chunk; nil where that cannot be done, or where the checksum,
  /// which need not be compared, differs.
  static func unpack(
    _ bytes: UnsafeRawBufferPointer, type: UInt8, into output: UnsafeMutableRawBufferPointer,
    hasSum: Bool, by unpack: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> Int?
  ) -> Int? {
    guard bytes.count >= sumSize else { return nil }
    let data = unsafe UnsafeRawBufferPointer(rebasing: bytes[sumSize...])
    let count: Int
    if type == plain {
      guard data.count <= output.count else { return nil }
      unsafe output.copyMemory(from: data)
      count = data.count
    } else {
      guard let unpacked = unsafe unpack(data, output) else { return nil }
      count = unpacked
    }
    guard hasSum else { return count }
    let sum = unsafe CRC32C.sum(of: UnsafeRawBufferPointer(rebasing: output[..<count]))
    let stored = unsafe UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
    return masked(sum) == stored ? count : nil
  }

  /// A checksum as it is stored: that of bytes which hold checksums would say little else.
  private static func masked(_ sum: UInt32) -> UInt32 {
    (sum >> 15 | sum << 17) &+ 0xa282_ead8
  }
}
