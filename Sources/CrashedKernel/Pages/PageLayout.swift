/// Where the members of the kernel's `struct page` stand (`include/linux/mm_types.h`).
package struct PageLayout: Equatable, Sendable {
  /// Bytes of the structure: no power of two, where the kernel is made so.
  package var size: Int
  /// `flags`, a word.
  package var flags: Int
  /// `mapping`, a word; the lowest bit marks anonymous memory.
  package var mapping: Int?
  /// `_mapcount` or `page_type`, 32 bits.
  package var mapCount: Int?
  /// `private`, a word: the order of a free block.
  package var privateData: Int?
  /// `compound_head`, since Linux 7.1 `compound_info`, a word; the lowest bit marks a tail.
  package var compoundHead: Int?
  /// `lru`, two words.
  package var list: Int?

  /// Sizes that are believed: the smallest has 32-bit words, the largest every debugging option.
  static let sizes = 24...1024

  /// What is known; nil where that makes no structure.
  init?(_ structures: KernelStructures) {
    let wordSize = structures.kernel.architecture.wordSize
    guard let size = structures.size(of: "page"), size <= 1024,
      PageLayout.sizes.contains(Int(size))
    else { return nil }
    let limit = Int(size)
    func offset(_ members: String..., bytes: Int) -> Int? {
      let found = members.lazy.compactMap { structures.offset(of: $0, in: "page") }.first
      return found.flatMap { $0 <= UInt64(limit - bytes) ? Int($0) : nil }
    }
    guard let flags = offset("flags", bytes: wordSize) else { return nil }
    self.size = limit
    self.flags = flags
    mapping = offset("mapping", bytes: wordSize)
    mapCount = offset("_mapcount", bytes: 4)
    privateData = offset("private", bytes: wordSize)
    compoundHead = offset("compound_info", "compound_head", bytes: wordSize)
    list = offset("lru", bytes: 2 * wordSize)
  }
}
