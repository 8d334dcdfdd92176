package import Bytes
package import MemoryImages

/// The SHA-256 that the purgatory compares before it starts the second kernel
/// (kexec-tools `purgatory/purgatory.c`, kernel `arch/x86/purgatory/purgatory.c`).
package struct PurgatoryDigest: Equatable, Sendable {
  package let list: PurgatoryList
  package let outcome: Outcome

  /// What the memory that is listed hashes to, against what stands beside the list.
  package enum Outcome: Equatable, Sendable {
    /// The digest of the memory stands at that address.
    case matches(at: UInt64)
    /// It does once the backup region is taken as empty, as it was before the purgatory ran.
    case matchesWithEmptyBackup(at: UInt64)
    /// The digest of the memory stands nowhere near the list.
    case differs
    /// The image lacks listed memory.
    case incomplete(Range<UInt64>)
  }

  /// How far from the list a digest may stand: both are small variables of the purgatory.
  private static let reach: UInt64 = 64 << 10

  /// Hashes the memory that a list names.
  package init(
    _ list: PurgatoryList, backup: Range<UInt64>?, in memory: PhysicalMemory
  ) throws(ReadError) {
    self.list = list
    if let missing = list.regions.lazy.flatMap({ memory.missing(in: $0) }).first {
      outcome = .incomplete(missing)
      return
    }
    if let place = try PurgatoryDigest.place(of: list, emptied: nil, in: memory) {
      outcome = .matches(at: place)
    } else if let backup, list.regions.contains(where: { $0.overlaps(backup) }),
      let place = try PurgatoryDigest.place(of: list, emptied: backup, in: memory)
    {
      outcome = .matchesWithEmptyBackup(at: place)
    } else {
      outcome = .differs
    }
  }

  /// Where the digest of the listed memory stands near the list, where it does.
  private static func place(
    of list: PurgatoryList, emptied: Range<UInt64>?, in memory: PhysicalMemory
  ) throws(ReadError) -> UInt64? {
    var hash = SHA256()
    let chunk = Chunk()
    for region in list.regions {
      var address = region.lowerBound
      while address < region.upperBound {
        let isEmptied = emptied.map { $0.contains(address) } ?? false
        let stops = [region.upperBound, emptied?.lowerBound, emptied?.upperBound]
        let stop = stops.compactMap { $0 }.filter { $0 > address }.min() ?? region.upperBound
        let count = Int(min(UInt64(Chunk.usualSize), stop - address))
        let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<count])
        try memory.budget?.spend(
          SHA256.cost * UInt64(count), .reading, on: "the regions that the purgatory checks")
        if isEmptied {
          unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
        } else {
          try unsafe memory.read(at: address, into: bytes)
        }
        unsafe hash.update(UnsafeRawBufferPointer(bytes))
        address += UInt64(count)
      }
    }
    return try find(hash.finish(), near: list, in: memory)
  }

  private static func find(
    _ digest: [UInt8], near list: PurgatoryList, in memory: PhysicalMemory
  ) throws(ReadError) -> UInt64? {
    let start = list.address > reach ? list.address - reach : 0
    let size = Int(list.address - start + reach)
    let bytes = try memory.paddedBytes(at: start, count: size).bytes
    // Each variable begins at a word.
    for offset in stride(from: 0, through: bytes.count - SHA256.digestSize, by: 4)
    where bytes[offset] == digest[0]
      && bytes[offset..<offset + SHA256.digestSize].elementsEqual(digest)
    {
      return start + UInt64(offset)
    }
    return nil
  }
}
