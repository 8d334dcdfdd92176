package import Bytes
package import MemoryImages

/// A pass over everything that an image holds (holes are passed over), by all processors, noting
/// where records may begin. It may be made part after part, in any order, with the same result.
/// Addresses are those of the memory that was scanned.
package struct MemoryScan: Sendable {
  private let patterns: [ScanPattern]
  /// Of each pattern.
  private var hits: [HitList]
  /// Number of bytes that were looked at.
  package private(set) var scannedBytes: UInt64 = 0

  /// A list of addresses with an upper bound, since an image can be made of nothing else.
  package struct HitList: Sendable, Equatable {
    package private(set) var addresses: [UInt64] = []
    /// Whether more were found than are kept.
    package private(set) var isCut = false
    /// Addresses that are kept.
    package static let limit = 16_384

    mutating func append(_ address: UInt64) {
      if addresses.count < HitList.limit { addresses.append(address) } else { isCut = true }
    }

    /// Takes over what lies behind, or anywhere: the lowest addresses are kept.
    mutating func merge(_ other: HitList) {
      if other.addresses.isEmpty { return }
      let isBehind = addresses.last.map { $0 < other.addresses[0] } ?? true
      addresses += other.addresses
      if !isBehind { addresses.sort() }
      isCut = isCut || other.isCut || addresses.count > HitList.limit
      addresses.removeLast(max(0, addresses.count - HitList.limit))
    }
  }

  /// A scan for patterns that has not begun.
  package init(for patterns: [ScanPattern] = ScanPattern.all) {
    self.patterns = patterns
    hits = patterns.map { _ in HitList() }
  }

  /// Scans all of `memory` for patterns.
  package init(
    _ memory: PhysicalMemory, for patterns: [ScanPattern] = ScanPattern.all, workers: Int,
    isCancelled: @Sendable () -> Bool = { false }
  ) throws(ReadError) {
    self.init(for: patterns)
    try add(
      RangeSet(memory.regions.map(\.range)), of: memory, workers: workers,
      isCancelled: isCancelled)
  }

  /// Scans a part of `memory` that was not scanned before, and that begins and ends at pages or
  /// with a region.
  package mutating func add(
    _ part: RangeSet, of memory: PhysicalMemory, workers: Int,
    isCancelled: @Sendable () -> Bool = { false }
  ) throws(ReadError) {
    var chunks = ChunkSequence(memory, in: part)
    let pool = ChunkPool(size: MemoryScan.chunkSize + MemoryScan.headSize)
    let patterns = patterns
    var result = MemoryScan(for: patterns)
    try OrderedPipeline(workers: workers).run(
      produce: { () throws(ReadError) -> Job? in isCancelled() ? nil : chunks.next() },
      work: { (job: Job) throws(ReadError) -> MemoryScan in
        let chunk = pool.take()
        defer { pool.giveBack(chunk) }
        return try MemoryScan(patterns, of: job, in: chunk, from: memory)
      },
      consume: { (part: MemoryScan) throws(ReadError) in result.merge(part) })
    merge(result)
  }

  /// Where records of a kind may begin; none where it was not looked for.
  package func hits(of pattern: ScanPattern) -> HitList {
    patterns.firstIndex { $0.name == pattern.name }.map { hits[$0] } ?? HitList()
  }

  /// Bytes from the word of a pattern on that its check sees. As many are read behind each chunk,
  /// so that a record at its end can be checked.
  package static let headSize = 64

  /// Bytes that are looked at by one worker at a time: they stay in a processor's cache.
  private static let chunkSize = 3 << 18

  /// A stretch of data inside one region.
  private struct Job: Sendable {
    let address: UInt64
    let count: Int
  }

  private mutating func merge(_ other: MemoryScan) {
    for index in hits.indices { hits[index].merge(other.hits[index]) }
    scannedBytes &+= other.scannedBytes
  }

  private init(
    _ patterns: [ScanPattern], of job: Job, in chunk: Chunk, from memory: PhysicalMemory
  ) throws(ReadError) {
    self.init(for: patterns)
    let wanted = job.count + MemoryScan.headSize
    try unsafe memory.read(
      at: job.address, into: UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<wanted]))
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: chunk.bytes[..<wanted])
    scannedBytes = UInt64(job.count)
    let fine = patterns.indices.filter { patterns[$0].step < MemoryScan.blockSize }
    for start in stride(from: 0, to: fine.count, by: 3) {
      let last = fine.count - 1
      let three = (fine[start], fine[min(start + 1, last)], fine[min(start + 2, last)])
      unsafe findWords(three, bytes, count: job.count, at: job.address)
    }
    for index in patterns.indices where patterns[index].step >= MemoryScan.blockSize {
      unsafe findSteps(index, bytes, count: job.count, at: job.address)
    }
  }

  /// Bytes that are compared at once.
  private static let blockSize = 64

  /// Records that stand far apart: only their places are looked at.
  private mutating func findSteps(
    _ index: Int, _ bytes: UnsafeRawBufferPointer, count: Int, at address: UInt64
  ) {
    let pattern = patterns[index]
    let first = MemoryScan.distance(from: address, toMultipleOf: pattern.step)
    let within = Int(pattern.offset)
    for offset in stride(from: first + within, through: count - 4, by: Int(pattern.step))
    where unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self) == pattern.word {
      unsafe note(index, bytes, at: offset, address)
    }
  }

  /// Records that can stand at any word, so every word is compared: with the words of three
  /// patterns at a time, since to look once costs no more than to read once.
  private mutating func findWords(
    _ three: (Int, Int, Int), _ bytes: UnsafeRawBufferPointer, count: Int, at address: UInt64
  ) {
    let one = SIMD16<UInt32>(repeating: patterns[three.0].word)
    let other = SIMD16<UInt32>(repeating: patterns[three.1].word)
    let third = SIMD16<UInt32>(repeating: patterns[three.2].word)
    var block = 0
    while block < count {
      // The last block may reach behind the chunk: what begins there is found by the next one.
      let words = unsafe bytes.loadUnaligned(fromByteOffset: block, as: SIMD16<UInt32>.self)
      if any((words .== one) .| (words .== other) .| (words .== third)) {
        for lane in 0..<16 where block + 4 * lane < count {
          let place = block + 4 * lane
          if words[lane] == one[lane] {
            unsafe note(three.0, bytes, at: place, address)
          } else if words[lane] == other[lane] {
            unsafe note(three.1, bytes, at: place, address)
          } else if words[lane] == third[lane] {
            unsafe note(three.2, bytes, at: place, address)
          }
        }
      }
      block += MemoryScan.blockSize
    }
  }

  /// Notes a record by the place of its word, if it stands where one can and looks like one.
  private mutating func note(
    _ index: Int, _ bytes: UnsafeRawBufferPointer, at offset: Int, _ address: UInt64
  ) {
    let pattern = patterns[index]
    let place = address + UInt64(offset)
    guard place >= pattern.offset, (place - pattern.offset) % pattern.step == 0 else { return }
    let end = min(offset + MemoryScan.headSize, bytes.count)
    if pattern.isPlausible(unsafe Array(bytes[offset..<end])) {
      hits[index].append(place - pattern.offset)
    }
  }

  private static func distance(from address: UInt64, toMultipleOf step: UInt64) -> Int {
    Int((step - address % step) % step)
  }

  /// The data of a memory in chunks: holes and absent ranges are passed over.
  private struct ChunkSequence {
    private let regions: [MemoryRegion]
    private var index = 0
    private var address: UInt64 = 0
    private var dataEnd: UInt64 = 0

    init(_ memory: PhysicalMemory, in part: RangeSet) {
      regions = memory.regions.flatMap { region in
        part.clamped(to: region.range).ranges.map { range in
          MemoryRegion(
            range: range, source: region.source, offset: region.sourceOffset(of: range.lowerBound))
        }
      }
      address = regions.first.map(ChunkSequence.start) ?? 0
    }

    /// Words are compared at addresses that are multiples of 8, whatever the region begins with.
    private static func start(of region: MemoryRegion) -> UInt64 {
      region.range.lowerBound.roundedUp(to: 8) ?? region.range.upperBound
    }

    mutating func next() -> Job? {
      while index < regions.count {
        let region = regions[index]
        if address >= region.range.upperBound {
          index += 1
          if index < regions.count { address = ChunkSequence.start(of: regions[index]) }
          dataEnd = 0
          continue
        }
        if address >= dataEnd {
          let offset = region.sourceOffset(of: address)
          let extent = region.source.extent(at: offset)
          let end = min(address.adding(extent.end - offset) ?? .max, region.range.upperBound)
          if extent.isHole || end <= address {
            // A hole may end inside a page of a block size below 4 KiB: go on at a whole word.
            address = max(end.roundedDown(to: 8), address.adding(8) ?? .max)
            continue
          }
          dataEnd = end
        }
        let count = min(UInt64(MemoryScan.chunkSize) - address % 4096, dataEnd - address)
        defer { address += count }
        return Job(address: address, count: Int(count))
      }
      return nil
    }
  }
}
