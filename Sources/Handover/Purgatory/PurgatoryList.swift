package import Bytes
internal import CrashedKernel
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
  /// Longest crash region that is searched or hashed: real ones are far below.
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
    // They are disjoint, so that the sum of their lengths fits.
    guard !regions.isEmpty, regions.reduce(0, { $0 + $1.length }) <= PurgatoryList.searchLimit
    else { return nil }
    self.address = address
    self.regions = regions
  }

  /// Looks in the gap between the loads that holds a candidate for a list with a region that
  /// begins at the candidate.
  static func find(
    naming candidate: CandidateExamination, in memory: PhysicalMemory
  ) throws(ReadError) -> PurgatoryList? {
    try find(naming: candidate.address, of: candidate.header, in: memory)
  }

  /// The same for a header by its address.
  static func find(
    naming address: UInt64, of header: CoreHeader, in memory: PhysicalMemory
  ) throws(ReadError) -> PurgatoryList? {
    try find(
      in: gap(around: address, header), starts: [address], order: header.order, memory
    ) { list in
      list.regions.contains { $0.lowerBound == address }
    }
  }

  /// Looks in the segments of a kexec image for a list of some of them; the smallest first, since
  /// the purgatory is small. Its own segment is never in its list.
  static func find(
    of image: KexecImage, order: ByteOrder, in memory: PhysicalMemory
  ) throws(ReadError) -> PurgatoryList? {
    let starts = Set(image.segments.map(\.lowerBound))
    for segment in image.segments.sorted(by: { $0.length < $1.length }) {
      let list = try find(in: segment, starts: starts, order: order, memory) { list in
        list.regions.allSatisfy { image.segments.contains($0) && !$0.contains(list.address) }
      }
      if let list { return list }
    }
    return nil
  }

  /// Looks in a range for a list that has one of some starts, at steps of eight bytes.
  private static func find(
    in range: Range<UInt64>, starts: Set<UInt64>, order: ByteOrder, _ memory: PhysicalMemory,
    where isWanted: (PurgatoryList) -> Bool
  ) throws(ReadError) -> PurgatoryList? {
    guard range.length <= searchLimit else { return nil }
    let words = Set(starts.map { order.convert($0) })
    let pageBits = order.convert(UInt64(0xfff))
    let step = Chunk.usualSize
    let chunk = Chunk(size: step)
    var hits = 0
    var address = range.lowerBound.roundedUp(to: 8) ?? range.upperBound
    while address < range.upperBound {
      guard
        case .present(let piece, let region) = memory.firstStretch(of: address..<range.upperBound)
      else {
        address = nextPresent(after: address, in: range, memory)
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
      for offset in stride(from: 0, through: count - 8, by: 8) {
        let word = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        guard word != 0, word & pageBits == 0, words.contains(word) else { continue }
        hits += 1
        guard hits <= hitLimit else { return nil }
        let found = try read(around: address + UInt64(offset), order, in: memory, where: isWanted)
        if let found { return found }
      }
      address += max(8, UInt64(count).roundedDown(to: 8))
    }
    return nil
  }

  /// An entry may be the last of its list: looks back one list from a hit. Entries of a list that
  /// stand before the hit are no lists of their own, so the longest one counts.
  private static func read(
    around hit: UInt64, _ order: ByteOrder, in memory: PhysicalMemory,
    where isWanted: (PurgatoryList) -> Bool
  ) throws(ReadError) -> PurgatoryList? {
    var best: PurgatoryList?
    for entry in 0..<UInt64(capacity) {
      guard hit >= entry * UInt64(entrySize) else { break }
      let address = hit - entry * UInt64(entrySize)
      if let bytes = try memory.bytes(at: address, count: capacity * entrySize),
        let list = PurgatoryList(bytes, at: address, order: order), isWanted(list),
        list.regions.count > best?.regions.count ?? 0
      {
        best = list
      }
    }
    return best
  }

  private static func nextPresent(
    after address: UInt64, in range: Range<UInt64>, _ memory: PhysicalMemory
  ) -> UInt64 {
    if case .absent(let gap) = memory.firstStretch(of: address..<range.upperBound) {
      return gap.upperBound
    }
    return range.upperBound
  }

  /// How far from a header its purgatory's list can be.
  private static let reach: UInt64 = 1 << 30

  private static func gap(around address: UInt64, _ header: CoreHeader) -> Range<UInt64> {
    let region = header.crashRegion(around: address, end: .max)
    let end = min(region.upperBound, address.adding(reach) ?? region.upperBound)
    return region.lowerBound..<max(region.lowerBound, end)
  }
}
