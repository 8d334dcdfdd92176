internal import Bytes
internal import DumpRecords

/// What a migration stream says of the machine's RAM: one pass over its sections, up to the end of
/// the one named "ram". The lengths of other devices' states are in no header; they come later.
struct MigrationStream {
  /// The machine's name, such as `pc-q35-7.2`.
  private(set) var machine = ""
  /// Bytes of a target page.
  private(set) var pageSize: UInt64
  /// All blocks, in the order of the stream.
  private(set) var blocks: [RAMBlock] = []
  /// Bytes of further blocks, whose names the file does not have any more.
  private(set) var unlisted: UInt64 = 0
  /// Where the pages of the RAM among them stand; page numbers count from its first block on.
  private(set) var index: PageIndex
  /// Whether the section "ram" is there to its end.
  private(set) var isWhole = false
  /// What is wrong with the stream, though some of it can be read.
  private(set) var faults: [String] = []

  private var isPageSizeTold = false
  private var cursor: SourceCursor
  private let budget: Budget
  private var payment: RecordPayment
  private var capabilities: Set<String> = []
  private var ram: UInt32?
  private var places: [[UInt8]: Int] = [:]
  private var current: Int?

  /// Blocks at most: a machine has a few dozen.
  private static let mostBlocks = 4096
  /// The version of "ram" since QEMU 0.14.
  private static let ramVersion: UInt32 = 4
  /// Those of every target that QEMU has.
  private static let pageBits: ClosedRange<UInt32> = 10...16

  /// Bytes of a page of most targets.
  private static let usualPageSize: UInt64 = 4096
  /// Those of others (`TARGET_PAGE_BITS`): Arm's smallest, which most of its boards have; Alpha, SPARC;
  /// LoongArch of QEMU 7.1 and 7.2.
  private static let otherPageSizes: [UInt64] = [1 << 10, 1 << 13, 1 << 14, 1 << 16]

  /// Walks the stream that begins at an offset of a file. It says how large pages are only where they
  /// are larger than the smallest that the target can have: what that is shows by how far it can be
  /// followed.
  static func read(
    _ file: any ByteSource, at offset: UInt64, _ budget: Budget
  ) throws(ImageError) -> MigrationStream {
    var best = try MigrationStream(file, at: offset, budget, usualPageSize)
    guard !best.faults.isEmpty, !best.isPageSizeTold, !best.blocks.isEmpty else { return best }
    for size in otherPageSizes where !best.isWhole {
      // What the budget does not leave for another try is no reason to lose this one.
      guard let other = try? MigrationStream(file, at: offset, budget, size) else { break }
      if other.cursor.position > best.cursor.position { best = other }
    }
    return best
  }

  private init(
    _ file: any ByteSource, at offset: UInt64, _ budget: Budget, _ pageSize: UInt64
  ) throws(ImageError) {
    self.budget = budget
    self.pageSize = pageSize
    payment = RecordPayment(budget, for: "the records of the migration stream")
    index = PageIndex(of: file, budget)
    cursor = SourceCursor(file, at: offset, order: MigrationSection.order, window: 1 << 18)
    let magic = try rethrow(
      as: ImageError.init(reading:), cursor.take(MigrationSection.magic.count))
    let version = try rethrow(as: ImageError.init(reading:), cursor.next(UInt32.self))
    guard magic == MigrationSection.magic, version == MigrationSection.version else {
      throw ImageError(
        .unusable,
        "\(file.name): offset \(offset.hex): expected a QEMU migration stream of version "
          + "\(MigrationSection.version), found version \(version.map(String.init) ?? "none")")
    }
    try rethrow(as: ImageError.init(reading:), walk())
    index.sort()
  }

  /// Everything up to the end of "ram", or to where the stream cannot be followed.
  private mutating func walk() throws(ReadError) {
    while !isWhole, faults.isEmpty {
      let place = cursor.position
      try payment.payNext()
      guard let byte = try cursor.next(UInt8.self) else { return }
      guard let section = MigrationSection(rawValue: byte) else {
        faults.append("section \(UInt64(byte).hex) at \(place.hex): expected one that QEMU has")
        return
      }
      switch section {
      case .end, .description: return
      case .configuration: try configuration()
      case .subsection: try subsection()
      case .command:
        guard try cursor.next(UInt16.self) != nil, let length = try cursor.next(UInt16.self) else {
          return
        }
        cursor.skip(UInt64(length))
      case .footer: guard try cursor.next(UInt32.self) != nil else { return }
      case .start, .full: guard try begin(section) else { return }
      case .part, .last: guard try goOn(section) else { return }
      }
    }
  }

  // MARK: The machine

  private mutating func configuration() throws(ReadError) {
    let place = cursor.position
    guard let length = try cursor.next(UInt32.self) else { return }
    guard length <= 4096 else {
      faults.append("the machine's name at \(place.hex) has \(length) bytes, expected a few")
      return
    }
    machine = String(decoding: try cursor.take(Int(length)), as: UTF8.self)
  }

  /// One of the configuration; others stand inside the states of devices.
  private mutating func subsection() throws(ReadError) {
    let place = cursor.position
    guard let length = try cursor.next(UInt8.self) else { return }
    let name = String(decoding: try cursor.take(Int(length)), as: UTF8.self)
    guard try cursor.next(UInt32.self) != nil else { return }
    switch name {
    case "configuration/target-page-bits":
      guard let bits = try cursor.next(UInt32.self) else { return }
      guard MigrationStream.pageBits.contains(bits) else {
        faults.append("\(name) at \(place.hex): pages of 2^\(bits) bytes")
        return
      }
      pageSize = 1 << UInt64(bits)
      isPageSizeTold = true
    case "configuration/capabilities":
      guard let count = try cursor.next(UInt32.self) else { return }
      for _ in 0..<min(count, 256) {
        guard let length = try cursor.next(UInt8.self) else { return }
        capabilities.insert(String(decoding: try cursor.take(Int(length)), as: UTF8.self))
      }
    case "configuration/uuid": cursor.skip(16)
    default: faults.append("subsection '\(name)' at \(place.hex): expected one that is known")
    }
  }

  // MARK: Sections

  /// The head of a section, and what is in it; false at the end of what can be followed.
  private mutating func begin(_ section: MigrationSection) throws(ReadError) -> Bool {
    let place = cursor.position
    guard let identifier = try cursor.next(UInt32.self), let length = try cursor.next(UInt8.self)
    else { return false }
    let name = try cursor.take(Int(length))
    guard try cursor.next(UInt32.self) != nil, let version = try cursor.next(UInt32.self) else {
      return false
    }
    guard name == Array("ram".utf8) else { return try skip(identifier) }
    guard version == MigrationStream.ramVersion else {
      faults.append(
        "section 'ram' at \(place.hex) is of version \(version), expected "
          + "\(MigrationStream.ramVersion)")
      return false
    }
    ram = identifier
    return try pages(endsRAM: section == .full)
  }

  private mutating func goOn(_ section: MigrationSection) throws(ReadError) -> Bool {
    guard let identifier = try cursor.next(UInt32.self) else { return false }
    return identifier == ram
      ? try pages(endsRAM: section == .last) : try skip(identifier)
  }

  /// Moves to the footer of a section whose length is not known: its own number stands there, and
  /// something that a section begins with behind it.
  private mutating func skip(_ identifier: UInt32) throws(ReadError) -> Bool {
    var writer = ByteWriter(order: MigrationSection.order)
    writer.write(MigrationSection.footer.rawValue)
    writer.write(identifier)
    let mark = writer.bytes
    while cursor.remaining > UInt64(mark.count) {
      let start = cursor.position
      try budget.spend(
        65_536 + Budget.callCost, .reading, on: "the devices of the migration stream")
      let bytes = try cursor.take(Int(min(cursor.remaining, 65_536)))
      var next = bytes.startIndex
      while let index = bytes[next...].firstIndex(of: mark[0]) {
        if index + mark.count >= bytes.count { break }
        if bytes[index..<index + mark.count].elementsEqual(mark),
          MigrationSection(rawValue: bytes[index + mark.count]) != nil
        {
          cursor.move(to: start + UInt64(index + mark.count))
          return true
        }
        next = index + 1
      }
      guard cursor.remaining > 0 else { return false }
      cursor.move(to: cursor.position - UInt64(mark.count))
    }
    return false
  }

  // MARK: RAM

  private mutating func pages(endsRAM: Bool) throws(ReadError) -> Bool {
    while true {
      let place = cursor.position
      try payment.payNext()
      guard let item = try RAMRecord.next(&cursor, pageSize: pageSize) else { return false }
      switch item {
      case .end:
        isWhole = endsRAM
        return true
      case .blocks(let sum): guard try list(sum: sum) else { return false }
      case .flush: continue
      case .tooLong(let length):
        faults.append(
          "record at \(place.hex): a page packed into \(length) bytes, expected at most "
            + "\(2 * pageSize)")
        return false
      case .record(let record):
        guard try add(record, from: place) else { return false }
      case .unknown(let flags):
        faults.append("record at \(place.hex) has the flags \(flags.hex)")
        return false
      }
    }
  }

  private mutating func add(
    _ record: RAMRecord, from place: UInt64
  ) throws(ReadError) -> Bool {
    if let name = record.block { current = places[name] }
    guard let current, let start = blocks[current].start else {
      // ROM and the memory of devices.
      return self.current != nil || unknownBlock(at: place)
    }
    guard record.offset < blocks[current].length else {
      faults.append(
        "record at \(place.hex): offset \(record.offset.hex) of \(blocks[current].name), which "
          + "has \(blocks[current].length.hex) bytes")
      return false
    }
    let kind: PageIndex.Kind =
      switch record.content {
      case .fill(0): .zero
      case .delta: .delta
      default: .data
      }
    guard
      try index.add((start + record.offset) / pageSize, kind, at: place..<cursor.position)
    else {
      faults.append("record at \(place.hex): is one of too many")
      return false
    }
    return true
  }

  private mutating func unknownBlock(at place: UInt64) -> Bool {
    faults.append("record at \(place.hex): is of a block that the list of blocks does not have")
    return false
  }

  /// The list of blocks; false where the file ends inside it. With `mapped-ram` the pages of each
  /// block stand before the next one's name, so what was listed by then counts.
  private mutating func list(sum: UInt64) throws(ReadError) -> Bool {
    guard blocks.isEmpty else {
      faults.append("a second list of blocks ends at \(cursor.position.hex), expected one")
      return false
    }
    let isComplete = try entries(sum: sum)
    unlisted = blocks.reduce(sum) { $0 - $1.length }
    RAMBlock.choose(&blocks, isComplete: unlisted == 0)
    return isComplete
  }

  private mutating func entries(sum: UInt64) throws(ReadError) -> Bool {
    var left = sum
    while left > 0 {
      let place = cursor.position
      guard let length = try cursor.next(UInt8.self) else { return false }
      let name = try cursor.take(Int(length))
      guard let size = try cursor.next(UInt64.self) else { return false }
      guard size <= left, size > 0, length > 0, blocks.count < MigrationStream.mostBlocks else {
        faults.append(
          "block \(blocks.count) at \(place.hex) has \(size.hex) bytes, expected at most "
            + "\(left.hex)")
        return false
      }
      left -= size
      var block = RAMBlock(name: String(decoding: name, as: UTF8.self), length: size)
      if !capabilities.contains("mapped-ram") { try skipPageSize(behind: left) }
      if isShared, try cursor.next(UInt64.self) == nil { return false }
      if capabilities.contains("mapped-ram") { guard try map(&block) else { return false } }
      places[name] = blocks.count
      blocks.append(block)
    }
    return true
  }

  /// Whether each block's address in its container follows its length.
  private var isShared: Bool { capabilities.contains("x-ignore-shared") }

  /// Where a block has pages that are larger than the host's, and postcopy was allowed, their size
  /// stands here, before the address. Nothing says so but what follows: an address may be a power of
  /// two, too.
  private mutating func skipPageSize(behind left: UInt64) throws(ReadError) {
    var ahead = cursor
    guard let size = try ahead.next(UInt64.self), size.nonzeroBitCount == 1,
      (1 << 12...1 << 34).contains(size)
    else { return }
    if isShared, try goesOn(cursor, left) { return }
    cursor = ahead
  }

  /// Whether behind an address at a place of the list the next block follows, or the end of the
  /// section where none is left.
  private func goesOn(_ place: SourceCursor, _ left: UInt64) throws(ReadError) -> Bool {
    var ahead = place
    ahead.skip(8)
    guard left > 0 else {
      let word = try ahead.next(UInt64.self)
      return word == RAMRecordFlags.end.rawValue || word == RAMRecordFlags.flush.rawValue
    }
    guard let length = try ahead.next(UInt8.self), length > 0 else { return false }
    let name = try ahead.take(Int(length))
    guard name.allSatisfy({ (0x21...0x7e).contains($0) }), let size = try ahead.next(UInt64.self)
    else { return false }
    return (1...left).contains(size)
  }

  private mutating func map(_ block: inout RAMBlock) throws(ReadError) -> Bool {
    let place = cursor.position
    var reader = ByteReader(
      try cursor.take(MappedRAMHeader.size), order: MigrationSection.order)
    guard let header = try? MappedRAMHeader(from: &reader) else { return false }
    guard header.version == MappedRAMHeader.version, header.pageSize.nonzeroBitCount == 1,
      (1 << 10...1 << 16).contains(header.pageSize),
      let end = header.pagesOffset.adding(block.length)
    else {
      faults.append(
        "\(block.name): its mapped-ram header at \(place.hex) is of version \(header.version), "
          + "pages of \(header.pageSize.hex) bytes at \(header.pagesOffset.hex)")
      return false
    }
    // A block that is shared with a file has neither.
    guard header.pagesOffset != 0 else { return true }
    block.mapping = header
    guard end > cursor.position else {
      faults.append("\(block.name): its pages at \(header.pagesOffset.hex) stand before its header")
      return false
    }
    cursor.move(to: end)
    return true
  }
}
