internal import Bytes

/// Tests the struct pages of one array from a frame on.
struct PageArrayTest {
  private let census: PageCensus
  private let array: MemoryModel.PageArray
  private let kinds: PageKinds
  /// Frames from here on are not tested.
  private let end: UInt64
  private let rules: PageRules
  private let sieve: PageSieve?
  /// From the first to the last frame of the kernel's image.
  private let image: Range<UInt64>

  /// A test that leaves out some kinds of pages.
  init(
    _ census: PageCensus, _ array: MemoryModel.PageArray, kinds: PageKinds, until end: UInt64
  ) {
    self.census = census
    self.array = array
    self.kinds = kinds
    self.end = end
    rules = census.rules
    sieve = PageSieve(census.rules)
    let parts = census.protected.ranges
    image = (parts.first?.lowerBound ?? 0)..<(parts.last?.upperBound ?? 0)
  }

  /// Goes through the struct pages; answers the frame behind the last one that needs no more test.
  mutating func run(
    _ marks: inout PageMarks, from start: UInt64, with chunk: Chunk
  ) throws(ReadError) -> UInt64 {
    let size = census.rules.layout.size
    let most = UInt64(PageCensus.chunkSize / size)
    var frame = start
    while frame < end {
      guard let address = census.model.address(of: frame, in: array) else { return end }
      let wanted = Int(min(most, end - frame)) * size
      let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<wanted])
      let read = try unsafe census.memory.fill(buffer, from: address)
      let pages = unsafe StructPages(
        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<read]),
        size: size, isWide: census.memory.wordSize == 8, order: census.memory.order)
      if pages.count == 0 {
        let next = skip(from: frame, address: address &+ UInt64(read))
        marks.unreadable += min(next, end) - frame
        frame = next
      } else {
        marks.tested += UInt64(pages.count)
        frame = try test(pages, from: frame, &marks)
      }
    }
    return frame
  }

  /// The first frame whose struct page begins behind the page of memory that cannot be read.
  private func skip(from frame: UInt64, address: UInt64) -> UInt64 {
    let size = UInt64(census.rules.layout.size)
    let first = census.model.address(of: frame, in: array) ?? 0
    let behind = address.roundedDown(to: 4096) &+ 4096
    return frame + max(1, (behind &- first &+ size &- 1) / size)
  }

  /// Tests struct pages that were read; answers the frame to go on with.
  private func test(
    _ pages: StructPages, from first: UInt64, _ marks: inout PageMarks
  ) throws(ReadError) -> UInt64 {
    let count = pages.count
    let flagsPlace = rules.layout.flags
    var index = 0
    while index < count {
      if let sieve {
        index = sieve.next(pages, from: index)
        guard index < count else { break }
      } else if rules.isTail(pages, index) {
        index += 1
        continue
      }
      let flags = pages.word(index, flagsPlace)
      let isHead = flags & rules.head != 0
      var found = rules.kinds(pages, index, flags: flags)
      // Pages that are the same are tested as one, but for those that are looked at one by one.
      let isSingle = isHead || !found.isDisjoint(with: .single)
      let next = isSingle ? index + 1 : sieve?.alike(pages, from: index) ?? index + 1
      let frame = first + UInt64(index)
      if flags & rules.reserved != 0 { marks.reserve(frame..<first + UInt64(next)) }
      if found.isEmpty && !isHead {
        index = next
        continue
      }
      var order: Int?
      if isHead, let folio = try folio(pages, index, at: frame) {
        guard !folio.isFake else {
          index += 1
          continue
        }
        if folio.isHugeTLB { found.insert(.user) }
        if rules.isFolioOrder(folio.order, at: frame) {
          order = Int(folio.order)
        } else if rules.layout.compoundHead != nil {
          // Where tails are not told apart, they look like first pages, too.
          marks.contradictions.folios += 1
        }
      }
      guard let kind = found.intersection(kinds).first else {
        index = next
        continue
      }
      if kind == .free {
        guard let free = rules.freeOrder(pages, index), frame & (1 << UInt64(free) - 1) == 0
        else {
          marks.contradictions.freeBlocks += 1
          index += 1
          continue
        }
        order = free
      }
      let isLost = leaveOutLost(frame, found, kind, flags: flags, &marks)
      if let order {
        try leaveOutGroup(
          frame..<frame + 1 << UInt64(order), after: isLost ? 1 : 0, kind, pages, index, &marks)
        index += 1 << order
      } else if isLost {
        index += 1
      } else {
        leaveOut(frame..<first + UInt64(next), kind, &marks)
        index = next
      }
    }
    return first + UInt64(index)
  }

  /// What the second struct page of a compound page says. The first of them never is the last of a
  /// row of 512 (makedumpfile `PGMM_CACHED`): compound pages begin at multiples of their size.
  private func folio(
    _ pages: StructPages, _ index: Int, at frame: UInt64
  ) throws(ReadError) -> Folio? {
    guard frame % 512 != 511 else { return nil }
    let address = census.model.address(of: frame, in: array) ?? 0
    func folio(_ second: StructPages, _ next: Int) -> Folio {
      let (order, isHugeTLB) = rules.folio(pages, index, second: second, at: next)
      return Folio(
        order: order, isHugeTLB: isHugeTLB,
        isFake: rules.isFakeHead(at: address, second: second, next))
    }
    if index + 1 < pages.count { return folio(pages, index + 1) }
    guard frame + 1 < array.frames.upperBound,
      let place = census.model.address(of: frame + 1, in: array),
      let bytes = try census.memory.read(at: place, count: pages.size).value
    else { return nil }
    return unsafe bytes.withBytes { raw in
      folio(
        unsafe StructPages(
          raw, size: pages.size, isWide: pages.isWide, order: census.memory.order), 0)
    }
  }

  /// What two struct pages say of a compound page.
  private struct Folio {
    let order: UInt64
    let isHugeTLB: Bool
    /// Whether they are those of another one's first pages.
    let isFake: Bool
  }

  /// Marks a page whose memory must not be touched, wherever it lies; answers whether it is one.
  private func leaveOutLost(
    _ frame: UInt64, _ found: PageKinds, _ kind: PageKind, flags: UInt64, _ marks: inout PageMarks
  ) -> Bool {
    guard let lost = found.intersection(.lost).first else { return false }
    let isGuarded = flags & rules.reserved != 0 || census.protected.contains(frame)
    marks.mark(frame..<frame + 1, as: isGuarded ? lost : kind, isGuarded: false)
    return true
  }

  /// Marks a group but for its first frames, and for those that are never left out.
  private func leaveOutGroup(
    _ group: Range<UInt64>, after first: Int, _ kind: PageKind, _ pages: StructPages, _ index: Int,
    _ marks: inout PageMarks
  ) throws(ReadError) {
    let held = min(Int(group.length), pages.count - index)
    let group = group.lowerBound + UInt64(first)..<group.upperBound
    guard !group.isEmpty else { return }
    reserve(pages, index + first..<index + held, from: group.lowerBound, &marks)
    try reserve(group.lowerBound + UInt64(held - first)..<group.upperBound, &marks)
    leaveOut(group, kind, &marks)
    if group.upperBound > marks.frames.upperBound {
      let start = max(group.lowerBound, marks.frames.upperBound)
      marks.overhangs.append(PageGroup(frames: start..<group.upperBound, kind: kind))
    }
  }

  /// Marks frames but for those that are never left out.
  private func leaveOut(_ part: Range<UInt64>, _ kind: PageKind, _ marks: inout PageMarks) {
    guard part.overlaps(image) else {
      marks.mark(part, as: kind)
      return
    }
    let kept = census.protected.clamped(to: part)
    for part in census.protected.gaps(in: part).ranges { marks.mark(part, as: kind) }
    marks.contradictions.protected += kept.clamped(to: marks.frames).length
  }

  /// Keeps the reserved ones of pages that were read.
  private func reserve(
    _ pages: StructPages, _ indices: Range<Int>, from first: UInt64, _ marks: inout PageMarks
  ) {
    let place = rules.layout.flags
    let mask = rules.reserved
    for index in indices
    where pages.word(index, place) & mask != 0 && !rules.isTail(pages, index) {
      let frame = first + UInt64(index - indices.lowerBound)
      marks.reserve(frame..<frame + 1)
    }
  }

  /// Keeps the reserved ones of the rest of a group, as far as block and array go.
  private func reserve(
    _ rest: Range<UInt64>, _ marks: inout PageMarks
  ) throws(ReadError) {
    let size = rules.layout.size
    let most = UInt64(PageCensus.chunkSize / size)
    var frame = rest.lowerBound
    let end = min(rest.upperBound, marks.frames.upperBound, array.frames.upperBound)
    while frame < end, let address = census.model.address(of: frame, in: array) {
      let count = min(most, end - frame)
      if let bytes = try census.memory.read(at: address, count: Int(count) * size).value {
        unsafe bytes.withBytes { raw in
          reserve(
            unsafe StructPages(
              raw, size: size, isWide: census.memory.wordSize == 8, order: census.memory.order),
            0..<Int(count), from: frame, &marks)
        }
      }
      frame += count
    }
  }
}
