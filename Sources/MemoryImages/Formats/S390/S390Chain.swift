internal import Bytes
internal import DumpRecords

/// The segments of an s390_ext dump: each tells where the next one is, over all its volumes.
struct S390Chain {
  /// The memory that is stored.
  private(set) var regions: [MemoryRegion] = []
  /// Memory of segments that the files lack.
  private(set) var missing: [Range<UInt64>] = []
  /// What is damaged of it; nil where nothing is packed.
  private(set) var damage: PageDamage?
  /// Address behind the last segment.
  private(set) var end: UInt64 = 0
  /// Whether the last segment and the mark behind it are there.
  private(set) var isComplete = false
  private var count = 0
  private var chunks: [S390Chunk] = []
  private var packed: [Range<UInt64>] = []
  private var stop: UInt64 = 0
  private let memorySize: UInt64
  private let entrySize: UInt64?
  private let blockSize: UInt64

  /// Of packed segments at most: a TiB of memory.
  private static let mostChunks = 1 << 20
  /// Segments at most.
  private static let mostSegments = 1 << 20
  /// Memory that a segment or a part of one takes.
  private static let segmentCost: UInt64 = 128
  /// Room at the end of a volume that is not used when another one follows.
  private static let unused: UInt64 = (1 << 20) + 4096

  /// Follows the segments. The sizes of packed ones are in blocks of the disk, which no field
  /// tells: those are taken under which the chain is complete, or longest.
  static func best(
    of volumes: [any ByteSource], memorySize: UInt64, entrySize: UInt64?, _ budget: Budget
  ) throws(ReadError) -> S390Chain {
    var best: (chain: S390Chain, score: (Int, Int, UInt64))?
    for blockSize in entrySize == nil ? [4096] : [4096, 512, 2048, 1024] as [UInt64] {
      var chain = S390Chain(memorySize, entrySize, blockSize)
      try chain.follow(volumes, budget)
      chain.addPacked()
      if chain.isComplete { return chain }
      let score = chain.score
      if let best, score <= best.score { continue }
      best = (chain, score)
    }
    return best?.chain ?? S390Chain(memorySize, entrySize, 4096)
  }

  /// How far a chain goes that is not complete: its segments, whether the last part unpacks, and
  /// how much memory is there.
  private var score: (Int, Int, UInt64) {
    let damage = PageDamage(of: "", pageSize: S390Chunks.pageSize, told: (0, []))
    if let last = chunks.last {
      _ = try? S390Chunks([last], damage).bytes(at: last.range.lowerBound, count: 1)
    }
    return (count, damage.wasFound ? 0 : 1, regions.reduce(0) { $0 &+ $1.range.length })
  }

  private init(_ memorySize: UInt64, _ entrySize: UInt64?, _ blockSize: UInt64) {
    self.memorySize = memorySize
    self.entrySize = entrySize
    self.blockSize = blockSize
  }

  /// What is wrong, in words.
  var warnings: [Finding] {
    var warnings: [Finding] = []
    let gone = RangeSet(missing)
    if let first = gone.ranges.first {
      warnings.append(
        Finding(
          "the dump lacks \(gone.length.hex) bytes of memory, the first at "
            + "\(first.lowerBound.hex): a file was cut off", isPartial: true))
    }
    if !isComplete {
      warnings.append(
        Finding(
          "the chain of segments ends at \(stop.hex) of a file, with the memory up to \(end.hex) "
            + "of \(memorySize.hex): the dump was not finished, was cut off, or other volumes are "
            + "not given (\(.parts) names them)", isPartial: true))
    }
    return warnings
  }

  private mutating func follow(
    _ volumes: [any ByteSource], _ budget: Budget
  ) throws(ReadError) {
    for (number, volume) in volumes.enumerated() {
      var place = UInt64(S390DumpHeader.size)
      while count < S390Chain.mostSegments {
        stop = place
        let bytes = try volume.bytes(at: place, count: S390DumpSegment.size)
        var reader = ByteReader(bytes, order: S390DumpHeader.order)
        guard let segment = try? S390DumpSegment(from: &reader), isSound(segment) else { break }
        try budget.spend(
          UInt64(S390DumpSegment.size) + Budget.callCost * UInt64(1 + segment.entries.count),
          .reading, on: "the segments of the dump")
        try budget.spend(
          S390Chain.segmentCost * UInt64(1 + segment.entries.count), .keeping,
          on: "the segments of the dump")
        let data = place + UInt64(S390DumpSegment.size)
        let size =
          segment.blocksOnDisk == 0
          ? segment.length : UInt64(segment.blocksOnDisk) * blockSize
        guard let next = data.adding(size), add(segment, at: data, in: volume) else { break }
        count += 1
        end = segment.start + segment.length
        place = next
        if segment.stop != 0 {
          isComplete = try hasEnd(volume, at: next)
          stop = next
          return
        }
        let isLast = number + 1 == volumes.count
        if !isLast, volume.size < place.adding(S390Chain.unused) ?? .max { break }
      }
    }
  }

  private func isSound(_ segment: S390DumpSegment) -> Bool {
    guard segment.start % 4096 == 0, segment.start >= end, segment.start <= memorySize,
      segment.length <= memorySize - segment.start, segment.length > 0 || segment.stop != 0,
      (segment.blocksOnDisk == 0) == segment.entries.isEmpty
    else { return false }
    guard !segment.entries.isEmpty else { return true }
    guard let entrySize, segment.entries.count * Int(entrySize) >= Int(clamping: segment.length),
      UInt64(segment.entries.count - 1) * entrySize < segment.length
    else { return false }
    let places = segment.entries.map { $0 & ~S390DumpSegment.plainBit }
    return places[0] == 0 && zip(places, places.dropFirst()).allSatisfy { $0 < $1 }
      && places[places.count - 1] < segment.blocksOnDisk
  }

  /// False where there is too much of it.
  private mutating func add(
    _ segment: S390DumpSegment, at data: UInt64, in volume: any ByteSource
  ) -> Bool {
    let range = segment.start..<segment.start + segment.length
    guard let entrySize, !segment.entries.isEmpty else {
      let held = data < volume.size ? min(segment.length, volume.size - data) : 0
      let middle = range.lowerBound + held
      if held > 0 {
        regions.append(
          MemoryRegion(range: range.lowerBound..<middle, source: volume, offset: data))
      }
      if middle < range.upperBound { missing.append(middle..<range.upperBound) }
      return true
    }
    var chunks: [S390Chunk] = []
    for (index, entry) in segment.entries.enumerated() {
      let place = UInt64(entry & ~S390DumpSegment.plainBit) * blockSize
      let isLast = index + 1 == segment.entries.count
      let next =
        isLast
        ? UInt64(segment.blocksOnDisk) * blockSize
        : UInt64(segment.entries[index + 1] & ~S390DumpSegment.plainBit) * blockSize
      let start = segment.start + UInt64(index) * entrySize
      let end = min(start + entrySize, range.upperBound)
      guard next - place <= 2 * entrySize + blockSize else { return false }
      // A chunk that is cut cannot be unpacked.
      guard data + next <= volume.size else {
        missing.append(start..<range.upperBound)
        break
      }
      let isPlain = entry & S390DumpSegment.plainBit != 0
      guard isPlain || S390Chain.isZlib(at: data + place, in: volume) else { return false }
      chunks.append(
        S390Chunk(
          range: start..<end, source: volume, place: data + place, size: next - place,
          isPlain: isPlain))
    }
    guard let last = chunks.last, self.chunks.count + chunks.count <= S390Chain.mostChunks else {
      return chunks.isEmpty
    }
    self.chunks.append(contentsOf: chunks)
    packed.append(range.lowerBound..<last.range.upperBound)
    return true
  }

  /// Whether a zlib stream can begin there (RFC 1950).
  private static func isZlib(at place: UInt64, in volume: any ByteSource) -> Bool {
    guard let head = try? volume.bytes(at: place, count: 2), head.count == 2 else { return false }
    return head[0] & 0x0f == 8 && (UInt16(head[0]) << 8 | UInt16(head[1])) % 31 == 0
  }

  /// One source for all that is packed.
  private mutating func addPacked() {
    guard let name = chunks.first?.source.name else { return }
    let damage = PageDamage(of: name, pageSize: S390Chunks.pageSize, told: (0, []))
    let source = S390Chunks(chunks, damage)
    self.damage = damage
    regions += packed.map {
      MemoryRegion(range: $0, source: source, offset: $0.lowerBound)
    }
  }

  /// The mark stands behind the data, in a block of its own.
  private func hasEnd(_ volume: any ByteSource, at place: UInt64) throws(ReadError) -> Bool {
    for place in [place, place.roundedUp(to: blockSize) ?? place] {
      let mark = try volume.bytes(at: place, count: S390DumpHeader.endSize)
      if mark.count == S390DumpHeader.endSize, mark.starts(with: S390DumpHeader.endMark) {
        return true
      }
    }
    return false
  }
}

/// A part of memory that is packed by itself.
struct S390Chunk {
  /// The addresses.
  let range: Range<UInt64>
  let source: any ByteSource
  /// Where it is stored.
  let place: UInt64
  /// Bytes of it there, with what pads it to a block.
  let size: UInt64
  let isPlain: Bool
}
