internal import Bytes

/// What struct pages said that cannot be.
package struct PageContradictions: Equatable, Sendable {
  /// Free blocks that are larger than any the kernel has, or begin at no multiple of their size.
  package var freeBlocks: UInt64 = 0
  /// Compound pages that are larger than any, or begin at no multiple of their size.
  package var folios: UInt64 = 0
  /// Frames that would have been left out, were they not the kernel's image or reserved.
  package var protected: UInt64 = 0

  /// Nothing.
  package init() {}

  /// Adds what was seen elsewhere.
  package static func += (sum: inout PageContradictions, more: PageContradictions) {
    sum.freeBlocks += more.freeBlocks
    sum.folios += more.folios
    sum.protected += more.protected
  }
}

/// Tells most of the pages that nothing is to be done with at a glance.
struct PageSieve {
  private let flagsPlace: Int
  private let tailPlace: Int?
  private let mappingPlace: Int?
  private let typePlace: Int?
  /// Flags that ask for a closer look.
  private let flags: UInt64
  /// All flags that tell what a page is.
  private let telling: UInt64

  /// A sieve for the pages of a kernel; nil where a glance does not do.
  init?(_ rules: PageRules) {
    // Types are below every count that a mapped page can have.
    let types = [rules.buddy, rules.offline, rules.unaccepted, rules.slab]
    guard types.allSatisfy({ $0?.isBelowCounts ?? true }) else { return nil }
    flagsPlace = rules.layout.flags
    tailPlace = rules.layout.compoundHead
    mappingPlace = rules.layout.mapping
    typePlace = rules.layout.mapCount
    flags = rules.lru | rules.swapCache | rules.poisoned | rules.head | rules.reserved
    telling = flags | rules.privateData | (rules.swapBacked ?? 0) | rules.slabFlag
  }

  /// The first page from one on that needs a closer look.
  @inline(__always)
  func next(_ pages: StructPages, from start: Int) -> Int {
    var index = start
    while index < pages.count {
      if let tailPlace, pages.word(index, tailPlace) & 1 != 0 {
        index &+= 1
        continue
      }
      if pages.word(index, flagsPlace) & flags != 0 { return index }
      if let mappingPlace, pages.word(index, mappingPlace) & 1 != 0 { return index }
      if let typePlace, pages.load(index, typePlace, as: Int32.self) < -1 { return index }
      index &+= 1
    }
    return index
  }

  /// The end of the row of pages that are what the first of them is, which is no tail.
  @inline(__always)
  func alike(_ pages: StructPages, from start: Int) -> Int {
    let told = pages.word(start, flagsPlace)
    let mapping = mappingPlace.map { pages.word(start, $0) & 1 } ?? 0
    let type = typePlace.map { pages.load(start, $0, as: Int32.self) } ?? 0
    var index = start &+ 1
    while index < pages.count {
      if (pages.word(index, flagsPlace) ^ told) & telling != 0 { return index }
      if let tailPlace, pages.word(index, tailPlace) & 1 != 0 { return index }
      if let mappingPlace, pages.word(index, mappingPlace) & 1 != mapping { return index }
      if let typePlace {
        let next = pages.load(index, typePlace, as: Int32.self)
        // A count is none of the types, whichever it is.
        if next != type, min(next, type) < -1 { return index }
      }
      index &+= 1
    }
    return index
  }
}

extension PageRules {
  /// The largest compound page: 16 GiB of 4 KiB pages.
  private static let mostFolioOrder: UInt64 = 22

  /// Whether a struct page belongs to a compound page whose first one has decided already.
  @inline(__always)
  func isTail(_ pages: StructPages, _ index: Int) -> Bool {
    guard let place = layout.compoundHead else { return false }
    return pages.word(index, place) & 1 != 0
  }

  /// All that a page is by its own struct page.
  @inline(__always)
  func kinds(_ pages: StructPages, _ index: Int, flags: UInt64) -> PageKinds {
    var kinds: PageKinds = []
    let mapCount =
      layout.mapCount.map { pages.load(index, $0, as: UInt32.self) } ?? 0
    let isSlab = flags & slabFlag != 0 || slab?.matches(mapCount) ?? false
    if !isSlab {
      if buddy?.matches(mapCount) ?? false { kinds.insert(.free) }
      if offline?.matches(mapCount) ?? false { kinds.insert(.offline) }
    }
    if unaccepted?.matches(mapCount) ?? false { kinds.insert(.free) }
    let isAnonymous =
      !isSlab && (layout.mapping.map { pages.word(index, $0) & 1 != 0 } ?? false)
    if isAnonymous {
      kinds.insert(.user)
    } else if isCache(flags) {
      kinds.insert(flags & privateData != 0 ? .privateCache : .cache)
    }
    if flags & poisoned != 0 { kinds.insert(.poisoned) }
    return kinds
  }

  @inline(__always)
  private func isCache(_ flags: UInt64) -> Bool {
    if flags & lru != 0 { return true }
    return flags & swapCache != 0 && (swapBacked.map { flags & $0 != 0 } ?? true)
  }

  /// The order of a free block, or nil where none can have it.
  func freeOrder(_ pages: StructPages, _ index: Int) -> Int? {
    if let place = layout.mapCount, let unaccepted,
      unaccepted.matches(pages.load(index, place, as: UInt32.self))
    {
      return Int(freeOrders) - 1
    }
    guard let place = layout.privateData else { return nil }
    let order = pages.word(index, place)
    return order < freeOrders ? Int(order) : nil
  }

  /// What the first page of a compound one says with its second one.
  ///
  /// - Returns: the order as it stands there, and whether it is of hugetlbfs.
  func folio(
    _ pages: StructPages, _ index: Int, second: StructPages, at next: Int
  ) -> (order: UInt64, isHugeTLB: Bool) {
    let secondFlags = second.word(next, layout.flags)
    let order: UInt64 =
      switch self.order {
      case .unknown: 0
      case .secondFlags: secondFlags & 0xff
      case .secondPage(let place, let bytes): second.integer(next, place, bytes: bytes)
      }
    let isHugeTLB =
      switch hugeTLB {
      case nil: false
      case .type(let type):
        layout.mapCount.map { type.matches(pages.load(index, $0, as: UInt32.self)) } ?? false
      case .secondFlag(let flag): secondFlags & flag != 0
      case .destructor(let value, let place, let bytes):
        second.integer(next, place, bytes: bytes) == value
      }
    return (order, isHugeTLB)
  }

  /// Whether what looks like the first page of a compound one is a tail: of a huge page whose struct
  /// pages are optimised away, those of all but its first pages are mapped to the same memory
  /// (`page_fixed_fake_head`, `include/linux/page-flags.h`, Linux 5.18 to 7.0).
  ///
  /// - Parameter address: where the struct page stands, which begins a page then.
  func isFakeHead(at address: UInt64, second: StructPages, _ next: Int) -> Bool {
    guard let place = layout.compoundHead, address % 4096 == 0 else { return false }
    let word = second.word(next, place)
    guard word & 1 == 1, word < address else { return false }
    let (pages, rest) = (address - (word - 1)).quotientAndRemainder(dividingBy: UInt64(layout.size))
    return rest == 0 && pages < 1 << PageRules.mostFolioOrder
  }

  /// Whether a compound page can be of that order at a frame.
  func isFolioOrder(_ order: UInt64, at frame: UInt64) -> Bool {
    order <= PageRules.mostFolioOrder && frame & (1 << order - 1) == 0
  }
}

extension StructPages {
  /// An integer of 1, 2, 4 or 8 bytes.
  fileprivate func integer(_ index: Int, _ offset: Int, bytes: Int) -> UInt64 {
    switch bytes {
    case 1: UInt64(load(index, offset, as: UInt8.self))
    case 2: UInt64(load(index, offset, as: UInt16.self))
    case 4: UInt64(load(index, offset, as: UInt32.self))
    default: load(index, offset, as: UInt64.self)
    }
  }
}
