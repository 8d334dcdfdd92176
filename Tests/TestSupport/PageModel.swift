/// What makedumpfile leaves out of a machine, by one plain walk over its struct pages: it is slow, and
/// shares no code with what it judges. Where this program differs on purpose, so does the model.
package struct PageModel {
  private let keys: [String: String]
  private var numbers: [String: Int64] = [:]
  private var offsets: [String: Int] = [:]
  private let word: Int
  private let order: RecipeOrder
  private let version: (Int, Int)
  /// The struct page of a frame; nil where it has none, or none that can be read.
  private let page: (UInt64) -> [UInt8]?

  /// The kernel that a vmcoreinfo describes.
  package init(
    _ information: String, word: Int, order: RecipeOrder, page: @escaping (UInt64) -> [UInt8]?
  ) {
    var keys: [String: String] = [:]
    for line in information.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { keys[String(parts[0])] = String(parts[1]) }
    }
    self.keys = keys
    self.word = word
    self.order = order
    self.page = page
    let parts = (keys["OSRELEASE"] ?? "").split { !$0.isNumber }.compactMap { Int($0) }
    version = parts.count > 1 ? (parts[0], parts[1]) : (0, 0)
    for (key, text) in keys {
      if key.hasPrefix("OFFSET(") { offsets[String(key.dropFirst(7).dropLast())] = Int(text) }
      guard key.hasPrefix("NUMBER(") else { continue }
      numbers[String(key.dropFirst(7).dropLast())] =
        text.hasPrefix("0x")
        ? Int64(bitPattern: UInt64(text.dropFirst(2), radix: 16) ?? 0) : Int64(text)
    }
  }

  private func number(_ name: String) -> Int64? { numbers[name] }

  private func offset(_ name: String) -> Int? { offsets[name] }

  private func value(_ page: [UInt8], _ place: Int, _ width: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<width {
      value = value << 8 | UInt64(page[order == .big ? place + index : place + width - 1 - index])
    }
    return value
  }

  private func isSet(_ flags: UInt64, _ name: String, usual: Int64? = nil) -> Bool {
    guard let bit = number("PG_\(name)") ?? usual else { return false }
    return flags >> UInt64(bit) & 1 == 1
  }

  private func isType(_ count: UInt64, _ name: String) -> Bool {
    guard let type = number("PAGE_\(name)_MAPCOUNT_VALUE") else { return false }
    return UInt32(truncatingIfNeeded: type) == UInt32(truncatingIfNeeded: count)
  }

  /// What is left out at a level, by frame.
  ///
  /// - Parameters:
  ///   - existing: frames of the loads.
  ///   - tested: those that a struct page decides.
  ///   - arrays: struct pages in a row: a group does not hide what is in the next one.
  ///   - listed: free frames that lists tell.
  ///   - image: frames of the kernel's image, which are never left out.
  package func leftOut(
    level: UInt8, existing: Set<UInt64>, tested: Set<UInt64>, arrays: [Range<UInt64>],
    listed: [Range<UInt64>] = [], image: [Range<UInt64>] = []
  ) -> [UInt64: String] {
    var result: [UInt64: String] = [:]
    for array in arrays {
      var frame = array.lowerBound
      while frame < array.upperBound {
        guard tested.contains(frame), let page = page(frame),
          let (kind, count) = verdict(page, frame, level)
        else {
          frame += 1
          continue
        }
        for member in frame..<frame + count
        where existing.contains(member) && result[member] == nil {
          let isKept = isReserved(member) || image.contains { $0.contains(member) }
          if member == frame, isKept, let lost = lost(page) {
            result[member] = lost
          } else if !isKept {
            result[member] = kind
          }
        }
        frame += count
      }
    }
    if level & 16 != 0 {
      for frame in listed.joined()
      where existing.contains(frame) && result[frame] == nil && !isReserved(frame)
        && !image.contains(where: { $0.contains(frame) })
      {
        result[frame] = "free"
      }
    }
    return result
  }

  /// Reserved frames are never left out.
  private func isReserved(_ frame: UInt64) -> Bool {
    guard let page = page(frame), !isTail(page) else { return false }
    let bit = UInt64(number("PG_private") ?? 11) - 1
    return value(page, offset("page.flags") ?? 0, word) >> bit & 1 == 1
  }

  /// What a page is whose memory must not be touched, wherever it lies.
  private func lost(_ page: [UInt8]) -> String? {
    let flags = value(page, offset("page.flags") ?? 0, word)
    let count = offset("page._mapcount").map { value(page, $0, 4) } ?? 0
    if isSet(flags, "hwpoison") { return "hwpoison" }
    return isType(count, "OFFLINE") && !isSet(flags, "slab", usual: nil) ? "offline" : nil
  }

  private func isTail(_ page: [UInt8]) -> Bool {
    guard let place = offset("page.compound_info") ?? offset("page.compound_head") else {
      return false
    }
    return value(page, place, word) & 1 == 1
  }

  /// What a struct page decides, and for how many frames.
  private func verdict(
    _ page: [UInt8], _ frame: UInt64, _ level: UInt8
  ) -> (String, UInt64)? {
    let flags = value(page, offset("page.flags") ?? 0, word)
    let mapping = value(page, offset("page.mapping") ?? 0, word)
    let count = offset("page._mapcount").map { value(page, $0, 4) } ?? 0
    if isTail(page) { return nil }
    let hasSlabType = number("PAGE_SLAB_MAPCOUNT_VALUE") != nil
    let isSlab = hasSlabType ? isType(count, "SLAB") : isSet(flags, "slab", usual: 7)
    let (order, isHuge) = folio(flags, count, frame)
    if level & 16 != 0, let place = offset("page.private"), offset("page._mapcount") != nil,
      !isSlab, isType(count, "BUDDY")
    {
      let free = value(page, place, word)
      let most = keys["LENGTH(zone.free_area)"].flatMap { UInt64($0) } ?? 0
      guard free < most, frame % (1 << free) == 0 else { return nil }
      return ("free", 1 << free)
    }
    if level & 16 != 0, isType(count, "UNACCEPTED") {
      let most = keys["LENGTH(zone.free_area)"].flatMap { UInt64($0) } ?? 1
      return ("free", 1 << (most - 1))
    }
    let isAnonymous = mapping & 1 == 1 && !isSlab
    let hasBacked =
      number("PG_swapbacked") != nil
      || (number("PG_swapcache") ?? 15) < (number("PG_private") ?? 11)
    let isCache =
      isSet(flags, "lru", usual: 5)
      || isSet(flags, "swapcache", usual: 15) && (!hasBacked || isSet(flags, "swapbacked"))
    let isPrivate = isSet(flags, "private", usual: 11)
    if level & 2 != 0, isCache, !isPrivate, !isAnonymous { return ("cache", order) }
    if level & 4 != 0, isCache, !isAnonymous { return (isPrivate ? "private" : "cache", order) }
    if level & 8 != 0, isAnonymous || isHuge { return ("user", order) }
    if isSet(flags, "hwpoison") { return ("hwpoison", order) }
    if !isSlab, isType(count, "OFFLINE") { return ("offline", order) }
    return nil
  }

  /// The pages of a compound page, and whether it is of hugetlbfs.
  private func folio(
    _ flags: UInt64, _ count: UInt64, _ frame: UInt64
  ) -> (pages: UInt64, isHuge: Bool) {
    guard flags & UInt64(number("PG_head_mask") ?? 1 << 14) != 0, frame % 512 != 511,
      let second = page(frame + 1)
    else { return (1, false) }
    let secondFlags = value(second, offset("page.flags") ?? 0, word)
    let size = keys["SIZE(page)"].flatMap { Int($0) } ?? 0
    let orderPlace = offset("page.compound_order") ?? offset("folio._folio_order").map { $0 - size }
    let freePlace = offset("page.compound_dtor") ?? offset("folio._folio_dtor").map { $0 - size }
    var order: UInt64 = 0
    var isHuge = false
    let width = version < (4, 16) ? 2 : 1
    if version >= (6, 6) {
      order = secondFlags & 0xff
    } else if version < (4, 4) {
      order = value(second, (offset("page.lru") ?? 0) + (offset("list_head.prev") ?? 0), word)
    } else if let orderPlace {
      order = value(second, orderPlace, width)
    }
    if number("PAGE_HUGETLB_MAPCOUNT_VALUE") != nil {
      isHuge = isType(count, "HUGETLB")
    } else if number("PG_hugetlb") != nil {
      isHuge = isSet(secondFlags, "hugetlb")
    } else if let destructor = number("HUGETLB_PAGE_DTOR"), let freePlace {
      isHuge = value(second, freePlace, width) == UInt64(destructor)
    } else if version < (4, 4), let text = keys["SYMBOL(free_huge_page)"] {
      isHuge =
        value(second, (offset("page.lru") ?? 0) + (offset("list_head.next") ?? 0), word)
        == UInt64(text, radix: 16)
    }
    guard order <= 22, frame % (1 << order) == 0 else { return (1, isHuge) }
    return (1 << order, isHuge)
  }
}
