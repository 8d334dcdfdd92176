internal import Bytes
package import DumpRecords

/// How a kernel's struct page tells what its frame is used for: what vmcoreinfo says, where it says
/// nothing the kernel's own types, and what its release is known to do.
///
/// Sources: `include/linux/page-flags.h`, `mm/page_alloc.c`, `kernel/vmcore_info.c` (before Linux
/// 6.9 `kernel/crash_core.c`); what counts as cache or as user data is makedumpfile's choice.
package struct PageRules: Equatable, Sendable {
  /// Where the members stand.
  package let layout: PageLayout
  /// `PG_lru`
  let lru: UInt64
  /// `PG_private`
  let privateData: UInt64
  /// `PG_reserved`, which vmcoreinfo never has: it stands before `PG_private` in every release.
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
  private(set) var buddy: PageType?
  let offline: PageType?
  let unaccepted: PageType?
  let hugeTLB: HugeTLBSign?
  let order: FolioOrder
  /// Orders of free blocks that the kernel has (`NR_PAGE_ORDERS`).
  package let freeOrders: UInt64
  /// Bits of a dump level that cannot be decided, each with what is missing.
  package let refusals: [Refusal]

  /// Bits of a dump level that cannot be decided.
  package struct Refusal: Equatable, Sendable {
    /// The bits.
    package let level: DumpLevel
    /// What is missing.
    package let why: String
  }

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

  /// Whether vmcoreinfo says nothing of what kernels can be made without, so that its silence may be
  /// right.
  var mayLackMore: Bool { hugeTLB == nil || poisoned == 0 || swapBacked == nil }

  /// Whether the kernel marks bad memory: then every level leaves it out, and what is offline.
  package var marksPoison: Bool { poisoned != 0 }

  /// The newest release whose rules are known.
  package static let newestRelease = KernelRelease(7, 2)
  /// The most orders that free blocks can have.
  private static let mostOrders: UInt64 = 24

  /// The rules of a kernel; nil where nothing describes its struct pages.
  init?(_ structures: KernelStructures, _ release: KernelRelease) {
    guard let layout = PageLayout(structures) else { return nil }
    self.layout = layout
    var missing = Missing(structures, release, layout)
    lru = missing.flag("PG_lru", before3_9: 5, for: [.cache, .privateCache])
    privateData = missing.flag("PG_private", before3_9: 11, for: [.cache, .privateCache])
    reserved = structures.untoldFlag("PG_reserved") ?? privateData >> 1
    swapCache = missing.flag("PG_swapcache", before3_9: 15, for: [.cache, .privateCache])
    swapBacked =
      structures.flag("PG_swapbacked") ?? (swapCache < privateData ? privateData << 6 : nil)
    poisoned = structures.flag("PG_hwpoison") ?? 0
    slab = missing.type("slab")
    slabFlag = slab == nil ? missing.slabFlag() : 0
    head = missing.headMask()
    buddy = missing.buddy()
    offline = missing.type("offline")
    unaccepted =
      structures.mayHave("unaccepted_pages", in: "zone")
      ? structures.pageType("unaccepted") : nil
    freeOrders = max(
      1, min(PageRules.mostOrders, structures.count(of: "free_area", in: "zone") ?? 11))
    order = missing.folioOrder()
    hugeTLB = missing.hugeTLB()
    missing.check()
    refusals = missing.refusals
  }

  /// The same where no list tells what is free: by the type that kernels of the release have.
  func markingFree(_ release: KernelRelease) -> PageRules {
    guard buddy == nil, layout.privateData != nil, layout.mapCount != nil else { return self }
    var rules = self
    rules.buddy = PageRules.usualType("buddy", release)
    return rules
  }

  /// The type of a name that kernels of a release have, where one is known
  /// (`include/linux/page-flags.h`): Linux 6.9 to 6.11 gave them new numbers each time.
  fileprivate static func usualType(_ name: String, _ release: KernelRelease) -> PageType? {
    let number: Int64? =
      switch name {
      case "buddy" where release < KernelRelease(4, 18): -128
      case "buddy" where release < KernelRelease(6, 9): -129
      default: release >= KernelRelease(6, 12) ? topBytes[name].map { Int64($0 << 24) } : nil
      }
    return number.map { PageType(UInt64(bitPattern: $0)) }
  }

  /// `PGTY_…`, Linux 6.12
  private static let topBytes = ["buddy": 0xf0, "offline": 0xf1, "hugetlb": 0xf4, "slab": 0xf5]
}

/// Reads what a kernel's rules are made of, and collects what is lacking of it though kernels of the
/// release have it.
private struct Missing {
  let structures: KernelStructures
  let release: KernelRelease
  let layout: PageLayout
  private(set) var refusals: [PageRules.Refusal] = []
  private var information: VMCoreInfo { structures.information }
  private var wordSize: Int { structures.kernel.architecture.wordSize }

  /// All that depends on compound pages.
  private static let folios: DumpLevel = [.cache, .privateCache, .user]

  init(_ structures: KernelStructures, _ release: KernelRelease, _ layout: PageLayout) {
    self.structures = structures
    self.release = release
    self.layout = layout
  }

  private mutating func refuse(_ level: DumpLevel, _ key: String) {
    refusals.append(PageRules.Refusal(level: level, why: "vmcoreinfo has no \(key)"))
  }

  /// The mask of a bit; before Linux 3.9 all releases had it at the same place.
  mutating func flag(
    _ name: String, before3_9 number: UInt64, for level: DumpLevel
  ) -> UInt64 {
    if let mask = structures.flag(name) { return mask }
    if release >= KernelRelease(3, 9) { refuse(level, "NUMBER(\(name))") }
    return 1 << number
  }

  /// A type of pages, by its number or by the one that kernels of the release have.
  func type(_ name: String) -> PageType? {
    structures.pageType(name)
      ?? (release > PageRules.newestRelease ? nil : PageRules.usualType(name, release))
  }

  /// `PG_slab`, which Linux 6.10 replaced by a type. What is slab memory is told from that of
  /// processes by it.
  mutating func slabFlag() -> UInt64 {
    if release >= KernelRelease(6, 10) {
      refuse(.user, "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE), as Linux 6.10 and later have")
    } else if let mask = structures.flag("PG_slab") {
      return mask
    } else if release >= KernelRelease(3, 9) {
      refuse(.user, "NUMBER(PG_slab)")
    }
    return 1 << 7
  }

  mutating func headMask() -> UInt64 {
    if let mask = structures.headMask { return mask }
    if release < KernelRelease(3, 17) { return 1 << 14 }
    refuse(Missing.folios, "NUMBER(PG_head_mask)")
    return 0
  }

  /// The type of free pages; nil where free lists have to be walked.
  func buddy() -> PageType? {
    guard layout.privateData != nil, layout.mapCount != nil else { return nil }
    if let type = structures.pageType("buddy") { return type }
    guard release < KernelRelease(3, 9) else { return nil }
    let isFirst = information.release?.hasPrefix("2.6.38") ?? false
    return PageType(UInt64(bitPattern: isFirst ? -2 : -128))
  }

  mutating func folioOrder() -> PageRules.FolioOrder {
    // Either key tells a kernel that keeps it there, whatever its release.
    let keys = ["PG_hugetlb", "PAGE_HUGETLB_MAPCOUNT_VALUE"]
    if release >= KernelRelease(6, 6)
      || keys.contains(where: { structures.information.number($0) != nil })
    {
      if structures.followsTypes,
        structures.offset(of: "_flags_1", in: "folio") != UInt64(layout.size + layout.flags)
      {
        refusals.append(
          PageRules.Refusal(
            level: Missing.folios,
            why:
              "the kernel's types do not have folio._flags_1 in the second page, where kernels up "
              + "to Linux \(PageRules.newestRelease) keep the size of a compound page"))
      }
      return .secondFlags
    }
    if release < KernelRelease(4, 4) {
      guard let list = layout.list, let place = structures.offset(of: "prev", in: "list_head"),
        place <= UInt64(wordSize)
      else { return .unknown }
      return .secondPage(list + Int(place), bytes: wordSize)
    }
    let bytes = release < KernelRelease(4, 16) ? 2 : 1
    if let place = secondPage("compound_order", "_folio_order", bytes: bytes) {
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

  /// What marks pages of hugetlbfs; nil in kernels that have none.
  mutating func hugeTLB() -> PageRules.HugeTLBSign? {
    if let type = type("hugetlb") { return .type(type) }
    if release >= KernelRelease(6, 9) {
      refuse(.user, "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)")
      return nil
    }
    if let flag = structures.flag("PG_hugetlb") { return .secondFlag(flag) }
    if let number = structures.number("HUGETLB_PAGE_DTOR", of: "compound_dtor_id"),
      let place = secondPage("compound_dtor", "_folio_dtor", bytes: 2)
    {
      return .destructor(number, at: place, bytes: release < KernelRelease(4, 16) ? 2 : 1)
    }
    guard release < KernelRelease(4, 4), let address = information.symbol("free_huge_page"),
      let list = layout.list, let next = structures.offset(of: "next", in: "list_head"),
      next <= UInt64(wordSize)
    else { return nil }
    return .destructor(address, at: list + Int(next), bytes: wordSize)
  }

  /// The offset in a second page of what is a member of it, or since Linux 6.3 of the folio.
  private func secondPage(_ member: String, _ folioMember: String, bytes: Int) -> Int? {
    let place =
      structures.offset(of: member, in: "page")
      ?? structures.offset(of: folioMember, in: "folio").flatMap {
        $0 >= UInt64(layout.size) ? $0 - UInt64(layout.size) : nil
      }
    return place.flatMap { $0 <= UInt64(layout.size - bytes) ? Int($0) : nil }
  }

  /// What struct pages must have.
  mutating func check() {
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
