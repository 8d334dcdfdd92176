internal import Bytes
package import DumpRecords

/// How a kernel's struct page tells what its frame is used for: what vmcoreinfo says, and where it
/// says nothing what its release is known to do.
///
/// Sources: `include/linux/page-flags.h`, `mm/page_alloc.c`, `kernel/vmcore_info.c` (before Linux
/// 6.9 `kernel/crash_core.c`); what counts as cache or as user data is makedumpfile's choice.
package struct PageRules: Sendable {
  /// Where the members stand.
  package let layout: PageLayout
  /// `PG_lru`
  let lru: UInt64
  /// `PG_private`
  let privateData: UInt64
  /// `PG_reserved`, which stands before `PG_private` in every release.
  let reserved: UInt64
  /// `PG_swapcache`
  let swapCache: UInt64
  /// `PG_swapbacked`; nil in kernels whose `PG_swapcache` is a bit of its own.
  let swapBacked: UInt64?
  /// `PG_hwpoison`; 0 in kernels without it.
  let poisoned: UInt64
  /// `PG_slab`; 0 where a type says it.
  let slabFlag: UInt64
  /// `PG_head_mask`; 0 where it is not known.
  let head: UInt64
  let slab: PageType?
  let buddy: PageType?
  let offline: PageType?
  let unaccepted: PageType?
  let hugeTLB: HugeTLBSign?
  let order: FolioOrder
  /// Orders of free blocks that the kernel has (`NR_PAGE_ORDERS`).
  package let freeOrders: UInt64
  /// Bits of a dump level that cannot be decided, each with what is missing.
  package let refusals: [(level: DumpLevel, why: String)]

  /// Where a compound page says how large it is.
  enum FolioOrder: Equatable, Sendable {
    /// Nowhere that is known: each page is tested alone.
    case unknown
    /// In the low byte of the second page's flags (`folio._flags_1`, Linux 6.6).
    case secondFlags
    /// In an integer of so many bytes of the second page.
    case secondPage(Int, bytes: Int)
  }

  /// What marks a compound page as one of hugetlbfs.
  enum HugeTLBSign: Equatable, Sendable {
    /// The type of the first page (Linux 6.9).
    case type(PageType)
    /// A flag of the second page (Linux 6.6 to 6.8).
    case secondFlag(UInt64)
    /// What frees it: a number, before Linux 4.4 an address, in the second page.
    case destructor(UInt64, at: Int, bytes: Int)
  }

  /// Whether struct pages tell what is free; else lists of free pages do.
  package var marksFree: Bool { buddy != nil }

  /// Whether free memory may stand in no zone's list because it was never accepted.
  package var hasUnaccepted: Bool { unaccepted != nil }

  /// Whether the kernel marks bad memory: then every level leaves it out, and what is offline.
  package var marksPoison: Bool { poisoned != 0 }

  /// The newest release whose rules are known.
  package static let newestRelease = KernelRelease(7, 2)
  /// The most orders that free blocks can have.
  private static let mostOrders: UInt64 = 24

  /// The rules of a kernel; nil where vmcoreinfo does not describe struct pages.
  package init?(_ information: VMCoreInfo, _ release: KernelRelease, wordSize: Int) {
    guard let layout = PageLayout(information, wordSize: wordSize) else { return nil }
    self.layout = layout
    var missing = Missing(information, release)
    lru = missing.flag("PG_lru", before3_9: 5, for: [.cache, .privateCache])
    privateData = missing.flag("PG_private", before3_9: 11, for: [.cache, .privateCache])
    reserved = privateData >> 1
    swapCache = missing.flag("PG_swapcache", before3_9: 15, for: [.cache, .privateCache])
    swapBacked =
      PageRules.flag("PG_swapbacked", information)
      ?? (swapCache < privateData ? privateData << 6 : nil)
    poisoned = PageRules.flag("PG_hwpoison", information) ?? 0
    slab = PageType(information, "PAGE_SLAB_MAPCOUNT_VALUE")
    slabFlag = slab == nil ? missing.slabFlag() : 0
    head = missing.headMask()
    buddy = missing.buddy(layout)
    offline = PageType(information, "PAGE_OFFLINE_MAPCOUNT_VALUE")
    unaccepted = PageType(information, "PAGE_UNACCEPTED_MAPCOUNT_VALUE")
    freeOrders = max(
      1, min(PageRules.mostOrders, information.decimal("LENGTH(zone.free_area)") ?? 11))
    order = missing.folioOrder(layout, wordSize: wordSize)
    hugeTLB = PageRules.hugeTLB(information, release, layout, wordSize: wordSize)
    missing.check(layout)
    refusals = missing.refusals
  }

  /// The mask of a bit whose number vmcoreinfo has.
  fileprivate static func flag(_ name: String, _ information: VMCoreInfo) -> UInt64? {
    information.number(name).flatMap { $0 < 32 ? 1 << $0 : nil }
  }

  /// What marks pages of hugetlbfs; nil in kernels that have none, or do not tell.
  private static func hugeTLB(
    _ information: VMCoreInfo, _ release: KernelRelease, _ layout: PageLayout, wordSize: Int
  ) -> HugeTLBSign? {
    if let type = PageType(information, "PAGE_HUGETLB_MAPCOUNT_VALUE") { return .type(type) }
    if let flag = flag("PG_hugetlb", information) { return .secondFlag(flag) }
    if let number = information.number("HUGETLB_PAGE_DTOR"),
      let place = secondPage(information, "compound_dtor", "_folio_dtor", layout, bytes: 2)
    {
      return .destructor(number, at: place, bytes: release < KernelRelease(4, 16) ? 2 : 1)
    }
    guard release < KernelRelease(4, 4), let address = information.symbol("free_huge_page"),
      let list = layout.list, let next = information.decimal("OFFSET(list_head.next)"),
      next <= UInt64(wordSize)
    else { return nil }
    return .destructor(address, at: list + Int(next), bytes: wordSize)
  }

  /// The offset in a second page of what is a member of it, or since Linux 6.3 of the folio.
  fileprivate static func secondPage(
    _ information: VMCoreInfo, _ member: String, _ folioMember: String, _ layout: PageLayout,
    bytes: Int
  ) -> Int? {
    let place =
      information.decimal("OFFSET(page.\(member))")
      ?? information.decimal("OFFSET(folio.\(folioMember))").flatMap {
        $0 >= UInt64(layout.size) ? $0 - UInt64(layout.size) : nil
      }
    return place.flatMap { $0 <= UInt64(layout.size - bytes) ? Int($0) : nil }
  }
}

/// Collects what vmcoreinfo lacks, though kernels of the release have it.
private struct Missing {
  let information: VMCoreInfo
  let release: KernelRelease
  private(set) var refusals: [(level: DumpLevel, why: String)] = []

  /// All that depends on compound pages.
  private static let folios: DumpLevel = [.cache, .privateCache, .user]

  init(_ information: VMCoreInfo, _ release: KernelRelease) {
    self.information = information
    self.release = release
  }

  private mutating func refuse(_ level: DumpLevel, _ key: String) {
    refusals.append((level, "vmcoreinfo has no \(key)"))
  }

  /// The mask of a bit; before Linux 3.9 all releases had it at the same place.
  mutating func flag(
    _ name: String, before3_9 number: UInt64, for level: DumpLevel
  ) -> UInt64 {
    if let mask = PageRules.flag(name, information) { return mask }
    if release >= KernelRelease(3, 9) { refuse(level, "NUMBER(\(name))") }
    return 1 << number
  }

  /// `PG_slab`, which Linux 6.10 replaced by a type. What is slab memory is told from that of
  /// processes by it.
  mutating func slabFlag() -> UInt64 {
    if release >= KernelRelease(6, 10) {
      refuse(.user, "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE), as Linux 6.10 and later have")
    } else if let mask = PageRules.flag("PG_slab", information) {
      return mask
    } else if release >= KernelRelease(3, 9) {
      refuse(.user, "NUMBER(PG_slab)")
    }
    return 1 << 7
  }

  mutating func headMask() -> UInt64 {
    if let mask = information.number("PG_head_mask") { return mask }
    if release < KernelRelease(3, 17) { return 1 << 14 }
    refuse(Missing.folios, "NUMBER(PG_head_mask)")
    return 0
  }

  /// The type of free pages; nil where free lists have to be walked.
  func buddy(_ layout: PageLayout) -> PageType? {
    guard layout.privateData != nil, layout.mapCount != nil else { return nil }
    if let type = PageType(information, "PAGE_BUDDY_MAPCOUNT_VALUE") { return type }
    guard release < KernelRelease(3, 9) else { return nil }
    let isFirst = information.release?.hasPrefix("2.6.38") ?? false
    return PageType(UInt64(bitPattern: isFirst ? -2 : -128))
  }

  mutating func folioOrder(_ layout: PageLayout, wordSize: Int) -> PageRules.FolioOrder {
    // Either key tells a kernel that keeps it there, whatever its release.
    let keys = ["PG_hugetlb", "PAGE_HUGETLB_MAPCOUNT_VALUE"]
    if release >= KernelRelease(6, 6) || keys.contains(where: { information.number($0) != nil }) {
      return .secondFlags
    }
    if release < KernelRelease(4, 4) {
      guard let list = layout.list, let place = information.decimal("OFFSET(list_head.prev)"),
        place <= UInt64(wordSize)
      else { return .unknown }
      return .secondPage(list + Int(place), bytes: wordSize)
    }
    let bytes = release < KernelRelease(4, 16) ? 2 : 1
    if let place = PageRules.secondPage(
      information, "compound_order", "_folio_order", layout, bytes: bytes)
    {
      return .secondPage(place, bytes: bytes)
    }
    if release >= KernelRelease(4, 6) {
      refuse(
        Missing.folios,
        release < KernelRelease(6, 3)
          ? "OFFSET(page.compound_order)" : "OFFSET(folio._folio_order)")
    }
    return .unknown
  }

  /// What struct pages must have.
  mutating func check(_ layout: PageLayout) {
    if layout.mapping == nil { refuse(Missing.folios, "OFFSET(page.mapping)") }
    if layout.compoundHead == nil, release >= KernelRelease(4, 6) {
      refuse(
        Missing.folios,
        release < KernelRelease(7, 1)
          ? "OFFSET(page.compound_head)" : "OFFSET(page.compound_info)")
    }
    if layout.mapCount == nil, release >= KernelRelease(3, 9) {
      refuse(.user, "OFFSET(page._mapcount)")
    }
  }
}
