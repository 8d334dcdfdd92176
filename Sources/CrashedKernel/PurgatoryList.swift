package import Bytes
internal import DumpRecords
internal import MemoryImages

/// The list of up to 16 regions that the purgatory checks before it starts the second kernel:
/// `sha256_regions` (kexec-tools `purgatory/purgatory.c`), `purgatory_sha_regions` (kernel
/// `include/linux/purgatory.h`): pairs of 64-bit start and length, unused ones zero.
package struct PurgatoryList: Equatable, Sendable {
  /// Physical address of the list.
  package let address: UInt64
  /// The regions, page aligned, in list order.
  package let regions: [Range<UInt64>]

  /// Entries of the list, used or not.
  package static let capacity = 16
  private static let entrySize = 16
  /// Longest crash region that is searched: real ones are far below.
  private static let searchLimit: UInt64 = 4 << 30

  /// Places that look like an entry and are read as a list, at most.
  private static let hitLimit = 4096

  /// Reads a list at the start of `bytes`; nil where they are none.
  package init?(_ bytes: [UInt8], at address: UInt64, order: ByteOrder) {
    var reader = ByteReader(bytes, order: order)
    var regions: [Range<UInt64>] = []
    var ended = false
    for _ in 0..<PurgatoryList.capacity {
      guard let start = try? reader.read(UInt64.self),
        let length = try? reader.read(UInt64.self)
      else { return nil }
      if start == 0 && length == 0 {
        ended = true
        continue
      }
      guard !ended, start % 4096 == 0, length % 4096 == 0, start != 0, length != 0,
        let range = Range(start: start, length: length),
        !regions.contains(where: { $0.overlaps(range) })
      else { return nil }
      regions.append(range)
    }
    guard !regions.isEmpty else { return nil }
    self.address = address
    self.regions = regions
  }

  /// Looks in the gap between the loads that holds a candidate for a list with a region that
  /// begins at the candidate.
  static func find(
    naming candidate: CandidateExamination, in memory: PhysicalMemory
  ) throws(ReadError) -> PurgatoryList? {
    let gap = gap(around: candidate)
    guard gap.length <= searchLimit else { return nil }
    let wanted = candidate.header.order.convert(candidate.address)
    let list = capacity * entrySize
    let step = Chunk.usualSize
    let chunk = Chunk(size: step + 2 * list)
    var hits = 0
    var address = gap.lowerBound.roundedUp(to: 8) ?? gap.upperBound
    while address < gap.upperBound {
      // An entry may be the last of its list: look back one list from each hit.
      guard case .present(let piece, let region) = memory.firstPiece(of: address..<gap.upperBound)
      else {
        address = nextPresent(after: address, in: gap, memory)
        continue
      }
      let extent = region.source.extent(at: region.sourceOffset(of: address))
      let left = extent.end &- region.sourceOffset(of: address)
      if extent.isHole {
        address += max(8, min(left.roundedDown(to: 8), piece.length))
        continue
      }
      let count = Int(min(UInt64(step), min(left, piece.length)))
      let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<count])
      try unsafe memory.read(at: address, into: bytes)
      for offset in stride(from: 0, through: count - 8, by: 8)
      where unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) == wanted {
        hits += 1
        guard hits <= hitLimit else { return nil }
        let hit = address + UInt64(offset)
        if let found = try read(around: hit, naming: candidate, in: memory) { return found }
      }
      address += max(8, UInt64(count).roundedDown(to: 8))
    }
    return nil
  }

  private static func read(
    around hit: UInt64, naming candidate: CandidateExamination, in memory: PhysicalMemory
  ) throws(ReadError) -> PurgatoryList? {
    for entry in 0..<UInt64(capacity) {
      guard hit >= entry * UInt64(entrySize) else { return nil }
      let address = hit - entry * UInt64(entrySize)
      if let bytes = try memory.bytes(at: address, count: capacity * entrySize),
        let list = PurgatoryList(bytes, at: address, order: candidate.header.order),
        list.regions.contains(where: { $0.lowerBound == candidate.address })
      {
        return list
      }
    }
    return nil
  }

  private static func nextPresent(
    after address: UInt64, in gap: Range<UInt64>, _ memory: PhysicalMemory
  ) -> UInt64 {
    if case .absent(let range) = memory.firstPiece(of: address..<gap.upperBound) {
      return range.upperBound
    }
    return gap.upperBound
  }

  /// The addresses around a candidate that lie in none of its loads.
  private static func gap(around candidate: CandidateExamination) -> Range<UInt64> {
    var low: UInt64 = 0
    var high = UInt64.max
    for (_, load) in candidate.soundLoads {
      guard let range = load.physicalRange, range.length > 65_536 else { continue }
      if range.upperBound <= candidate.address { low = max(low, range.upperBound) }
      if range.lowerBound > candidate.address { high = min(high, range.lowerBound) }
    }
    return low..<max(low, min(high, candidate.address.adding(1 << 30) ?? high))
  }
}
