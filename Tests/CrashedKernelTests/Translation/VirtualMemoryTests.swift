import Bytes
import CrashedKernel
import DumpRecords
import MemoryImages
import TestSupport
import Testing

struct VirtualMemoryTests {
  private static let start: UInt64 = 0xffff_8880_0000_0000

  /// Bytes that tell where they stand.
  private static func page(_ physical: UInt64) -> [UInt8] {
    (0..<4096).map { UInt8(truncatingIfNeeded: (physical >> 12) &* 31 &+ $0 / 8) }
  }

  /// Pages in a row in virtual memory, each with its own physical place.
  private static func memory(_ pages: [UInt64], holding held: [UInt64]? = nil) throws
    -> VirtualMemory
  {
    let form = try #require(TableCase.all.first { $0.name == "x86_64, 4 levels" })
    var model = form.model()
    for (index, physical) in pages.enumerated() {
      model.map(start + 4096 * UInt64(index), to: physical, by: 3)
    }
    for physical in held ?? pages { model.write(page(physical), at: physical) }
    return try model.virtualMemory(form.form)
  }

  @Test("A stretch is read page by page, wherever each page lies")
  func pages() throws {
    let pages: [UInt64] = [0x1_0000, 0x1_1000, 0x9000, 0xa000, 0x1_2000, 0x8000]
    let memory = try Self.memory(pages)
    let all = pages.flatMap(Self.page)
    for (offset, count) in [
      (0, all.count), (4095, 2), (8191, 2), (100, 20_000), (0, 0), (all.count - 1, 1),
    ] {
      #expect(
        try memory.read(at: Self.start + UInt64(offset), count: count)
          == .found(Array(all[offset..<offset + count])))
    }
    let behind = Self.start + UInt64(all.count)
    #expect(
      try memory.read(at: Self.start, count: all.count + 1)
        == .unreadable(.notMapped(behind, level: 1)))
    let prefix = try memory.read(at: behind - 10, upTo: 100)
    #expect(prefix.bytes == Array(all.suffix(10)))
    #expect(prefix.stop == .notMapped(behind, level: 1))
    #expect(try memory.read(at: Self.start, count: -1) == .found([]))
  }

  @Test("What the image lacks is another answer than what the kernel does not have")
  func missing() throws {
    let memory = try Self.memory([0x1_0000, 0x40_0000, 0x1_1000], holding: [0x1_0000, 0x1_1000])
    let why = Unreadable.missing(0x40_0000, at: Self.start + 4096)
    #expect(try memory.read(at: Self.start + 4000, count: 200) == .unreadable(why))
    #expect(try memory.read(UInt32.self, at: Self.start + 4094) == .unreadable(why))
    let prefix = try memory.read(at: Self.start + 4000, upTo: 9000)
    #expect(prefix.bytes == Array(Self.page(0x1_0000).suffix(96)))
    #expect(prefix.stop == why)
    #expect(
      "\(why)" == "the image lacks physical address 0x400000, expected for 0xffff888000001000")
    #expect("\(Unreadable.notMapped(0x1000, level: 3))" == "0x1000 is not mapped (level 3)")
    #expect("\(Unreadable.notMapped(0x1000, level: 0))" == "0x1000 is not mapped")
    #expect(
      "\(Unreadable.corrupt(entry: 0x81, place: 0x2008, at: 0x3000))"
        == "the page table entry at 0x2008 is 0x81, which cannot lead to 0x3000")
  }

  @Test("Pages that follow each other in physical memory are read at once")
  func joins() throws {
    let counter = CountingSource(bytes: 1 << 22)
    var model = try #require(TableCase.all.first { $0.name == "x86_64, 4 levels" }).model()
    for index in 0..<UInt64(512) {
      model.map(Self.start + index << 12, to: 0x100_0000 + index << 12, by: 3)
    }
    let regions =
      try model.physicalMemory().regions
      + [MemoryRegion(range: 0x100_0000..<0x140_0000, source: counter, offset: 0)]
    let memory = VirtualMemory(
      try PhysicalMemory(regions: regions), order: .little, wordSize: 8,
      mappings: [.pageTable(PageTable(.x86_64(levels: 4), root: model.root))])
    guard case .found(let bytes) = try memory.read(at: Self.start, count: 512 << 12) else {
      Issue.record("not read")
      return
    }
    #expect(bytes.count == 512 << 12)
    #expect(counter.reads == 1)
  }

  @Test("The first mapping that knows an address wins; the next one has what it does not know")
  func order() throws {
    let tables = try Self.memory([0x1_0000, 0x1_1000])
    let range = Self.start + 0x800...Self.start + 0x17ff
    let memory = VirtualMemory(
      tables.memory, order: .little, wordSize: 8,
      mappings: [.linear(range, minus: Self.start &- 0x7000)] + tables.mappings
        + [.linear(0 ... .max, minus: 0)])
    #expect(try memory.translate(Self.start) == .at(0x1_0000, upTo: 0x800))
    #expect(try memory.translate(Self.start + 0x900) == .at(0x7900, upTo: 0xf00))
    #expect(try memory.translate(Self.start + 0x1800) == .at(0x1_1800, upTo: 0x800))
    // Behind the pages the tables have nothing up to the end of that last table.
    #expect(try memory.translate(Self.start + 0x2000) == .at(Self.start + 0x2000, upTo: 0x1000))
    // Between the halves of the addresses they have nothing up to the upper one.
    #expect(try memory.translate(0x8000_0000_0000).isAt(upTo: 0xffff_0000_0000_0000))
    #expect(try memory.translate(.max) == .at(.max, upTo: 1))
    #expect(try memory.adding([]).translate(Self.start) == .at(0x1_0000, upTo: 0x800))
  }

  @Test("A damaged table is no reason to believe the next mapping")
  func corruptWins() throws {
    let form = try #require(TableCase.all.first { $0.name == "x86_64, 4 levels" })
    var model = form.model()
    model.map(Self.start, to: 0, by: 3)
    let place = model.place(of: Self.start, in: 0)
    model.write(0xe7, at: place)
    let tables = try model.virtualMemory(form.form)
    #expect(
      try tables.adding([.linear(0 ... .max, minus: 0)]).translate(Self.start)
        == .corrupt(0xe7, at: place))
  }

  @Test("The loads of a header map what they say, the first one first")
  func loads() throws {
    func load(_ virtual: UInt64, _ physical: UInt64, _ size: UInt64) -> ProgramHeader {
      ProgramHeader(
        type: .load, offset: 0, virtualAddress: virtual, physicalAddress: physical, fileSize: size,
        memorySize: size)
    }
    let memory = VirtualMemory(
      try PhysicalMemory(regions: []), order: .big, wordSize: 4,
      mappings: [
        .loads([
          load(0xc000_0000, 0x10_0000, 0x2000), load(0xc000_1000, 0x50_0000, 0x3000),
          load(.max, 0x80_0000, 0x1000), load(0xd000_0000, 0, 0),
        ])
      ])
    #expect(try memory.translate(0xc000_1fff) == .at(0x10_1fff, upTo: 1))
    #expect(try memory.translate(0xc000_2000) == .at(0x50_1000, upTo: 0x2000))
    #expect(try memory.translate(0xbfff_ffff) == .notMapped(level: 0))
    #expect(try memory.translate(0xc000_4000) == .notMapped(level: 0))
    #expect(try memory.translate(.max) == .notMapped(level: 0))
    #expect(
      try memory.read(at: 0xc000_0000, count: 1)
        == .unreadable(.missing(0x10_0000, at: 0xc000_0000)))
  }

  @Test("A linear mapping is limited to what leads to memory")
  func limited() throws {
    let all = UInt64(0)...UInt64.max
    for (range, difference, end, expected) in [
      (all, 0, 0x1000, 0...0xfff),
      (all, 0xffff_8880_0000_0000, 0x1000, Self.start...Self.start + 0xfff),
      (
        0xffff_ffff_8000_0000 ... .max, 0xffff_ffff_7000_0000, 0x2000_0000,
        0xffff_ffff_8000_0000...0xffff_ffff_8fff_ffff
      ),
      (
        0xffff_ffff_8000_0000 ... .max, 0xffff_ffff_f000_0000, 0x2000_0000,
        0xffff_ffff_f000_0000 ... .max
      ),
      (0x1000...0x1fff, 0x8000, 0x1000, nil), (all, 0, 0, nil),
    ] as [(ClosedRange<UInt64>, UInt64, UInt64, ClosedRange<UInt64>?)] {
      let limited = Mapping.linear(range, minus: difference).limited(to: end)
      guard case .linear(let found, difference)? = limited else {
        #expect(expected == nil)
        continue
      }
      #expect(found == expected)
    }
  }

  @Test("Words are read in the kernel's byte order, over a border of pages too")
  func words() throws {
    let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
    for order in ByteOrder.allCases {
      for wordSize in [4, 8] {
        let source = ByteArraySource(bytes, name: "words")
        let memory = VirtualMemory(
          try PhysicalMemory(regions: [
            MemoryRegion(range: 0x5000..<0x5003, source: source, offset: 0),
            MemoryRegion(range: 0x9000..<0x9005, source: source, offset: 3),
          ]), order: order, wordSize: wordSize,
          mappings: [
            .linear(0x1000...0x1002, minus: 0 &- 0x4000),
            .linear(0x1003...0x1007, minus: 0 &- 0x7ffd),
          ])
        let isLittle = order == .little
        #expect(try memory.read(UInt8.self, at: 0x1002).value == 3)
        #expect(try memory.read(UInt16.self, at: 0x1002).value == (isLittle ? 0x0403 : 0x0304))
        #expect(
          try memory.read(UInt64.self, at: 0x1000).value
            == (isLittle ? 0x0807_0605_0403_0201 : 0x0102_0304_0506_0708))
        let pointer: UInt64 =
          wordSize == 8
          ? (isLittle ? 0x0807_0605_0403_0201 : 0x0102_0304_0506_0708)
          : (isLittle ? 0x0403_0201 : 0x0102_0304)
        #expect(try memory.pointer(at: 0x1000).value == pointer)
        #expect(try memory.pointer(at: 0x1005).value == nil)
      }
    }
  }

  @Test("A string ends at its zero byte, at its limit, or cannot be read")
  func strings() throws {
    let text = Array("linux\0".utf8) + [UInt8](repeating: 0x61, count: 700)
    let memory = VirtualMemory(
      PhysicalMemory(
        region: MemoryRegion(
          range: 0..<UInt64(text.count), source: ByteArraySource(text, name: "text"), offset: 0)),
      order: .little, wordSize: 8, mappings: [.linear(0...0xffff, minus: 0)])
    #expect(try memory.string(at: 0, limit: 100) == .found(Array("linux".utf8)))
    #expect(try memory.string(at: 5, limit: 100) == .found([]))
    #expect(try memory.string(at: 0, limit: 3) == .found(Array("lin".utf8)))
    #expect(try memory.string(at: 6, limit: 600).value?.count == 600)
    #expect(
      try memory.string(at: 6, limit: 5000)
        == .unreadable(.missing(UInt64(text.count), at: UInt64(text.count))))
    #expect(try memory.string(at: 0x10000, limit: 1) == .unreadable(.notMapped(0x10000, level: 0)))
  }

  @Test("The last byte of all addresses can be read, and none behind it")
  func lastByte() throws {
    let memory = VirtualMemory(
      PhysicalMemory(
        region: MemoryRegion(
          range: 0..<16, source: ByteArraySource([UInt8](0..<16), name: "end"), offset: 0)),
      order: .little, wordSize: 8, mappings: [.linear(.max - 15 ... .max, minus: .max - 15)])
    #expect(try memory.read(at: .max - 3, count: 4) == .found([12, 13, 14, 15]))
    #expect(try memory.read(at: .max - 3, count: 5) == .unreadable(.notMapped(0, level: 0)))
    #expect(try memory.string(at: .max - 3, limit: 9) == .unreadable(.notMapped(0, level: 0)))
  }
}

extension Translated {
  fileprivate func isAt(upTo expected: UInt64) -> Bool {
    if case .at(_, expected) = self { true } else { false }
  }
}

/// Zeros, and how often they were read.
private final class CountingSource: ByteSource, @unchecked Sendable {
  let name = "counted"
  let size: UInt64
  private let lock = Lock()
  private var count = 0

  init(bytes: UInt64) { size = bytes }

  var reads: Int { lock.withLock { count } }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    lock.withLock { count += 1 }
    buffer.initializeMemory(as: UInt8.self, repeating: 0)
    return buffer.count
  }
}
