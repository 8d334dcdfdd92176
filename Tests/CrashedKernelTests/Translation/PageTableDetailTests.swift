import Bytes
import CrashedKernel
import DumpRecords
import MemoryImages
import TestSupport
import Testing

/// What single architectures have beside the common shape of page tables.
struct PageTableDetailTests {
  private static func form(_ name: String) throws -> TableCase {
    try #require(TableCase.all.first { $0.name == name })
  }

  @Test("The lower half of x86_64 and riscv64 can be mapped as well")
  func lowerHalf() throws {
    for (name, address) in [
      ("x86_64, 4 levels", 0x7fff_ffff_f000), ("x86_64, 5 levels", 0xff_ffff_ffff_f000),
      ("riscv64, sv39", 0x3f_ffff_f000),
    ] as [(String, UInt64)] {
      let form = try Self.form(name)
      var model = form.model()
      model.map(address, to: 0x1234_5000, by: form.steps.count - 1)
      #expect(
        try model.virtualMemory(form.form).translate(address) == .at(0x1234_5000, upTo: 0x1000))
    }
  }

  @Test("A 64 KiB page of riscv64 is one of sixteen equal entries (Svnapot)")
  func contiguous() throws {
    let form = try Self.form("riscv64, sv48")
    var model = form.model()
    let start: UInt64 = 0xffff_8f80_0001_0000
    model.map(start, to: 0, by: 3)
    for page in 0..<UInt64(16) {
      model.write(0x1234_8000 >> 2 | 1 << 63 | 0xcf, at: model.place(of: start, in: 3) + 8 * page)
    }
    let memory = try model.virtualMemory(form.form)
    #expect(try memory.translate(start + 0x7123) == .at(0x1234_7123, upTo: 0x8edd))
    // Without that ending, bit 63 is a memory type of T-Head's.
    model.write(0x1234_5000 >> 2 | 1 << 63 | 0xcf, at: model.place(of: start, in: 3))
    #expect(
      try model.virtualMemory(form.form).translate(start + 3) == .at(0x1234_5003, upTo: 0xffd))
  }

  @Test("A large page of i386 can lie above 4 GiB (PSE-36)")
  func pse36() throws {
    let form = try Self.form("i386 without PAE")
    var model = form.model()
    model.map(0xc040_0000, to: 0xab_8040_0000, by: 0)
    #expect(
      try model.virtualMemory(form.form).translate(0xc044_5566)
        == .at(0xab_8044_5566, upTo: 0x3b_aa9a))
  }

  @Test("Supersections and 64 KiB pages of arm are more than their entry's part of the table")
  func armSizes() throws {
    let form = try Self.form("arm, short descriptors")
    var model = form.model()
    // 32:35 of the address in bits 23:20, 36:39 in bits 8:5.
    model.write(0x8100_0000 | 0x9 << 20 | 0xa << 5 | 1 << 18 | 2, at: model.root + 4 * 0xc15)
    model.map(0xd000_0000, to: 0, by: 1)
    model.write(0x4567_0000 | 1, at: model.place(of: 0xd000_0000, in: 1) + 4 * 7)
    let memory = try model.virtualMemory(form.form)
    #expect(try memory.translate(0xc152_3456) == .at(0xa9_8152_3456, upTo: 0xad_cbaa))
    #expect(try memory.translate(0xd000_7008) == .at(0x4567_7008, upTo: 0x8ff8))
  }

  @Test("A part of an s390x table that its entry leaves out is not mapped, whatever stands there")
  func tableLimits() throws {
    let form = try Self.form("s390x, 3 levels")
    let low: UInt64 = 0x10_0000
    let high: UInt64 = 0x7ff0_0000
    for (flags, hasLow, hasHigh) in [
      (0x7, true, true), (0x4, true, false), (0x47, false, true), (0x45, false, false),
    ] as [(UInt64, Bool, Bool)] {
      var model = form.model()
      model.map(low, to: 0x500_0000, by: 1)
      model.map(high, to: 0x600_0000, by: 1)
      let segments = model.place(of: 0, in: 1)
      model.write(segments | flags, at: model.place(of: 0, in: 0))
      let memory = try model.virtualMemory(form.form)
      #expect(
        try memory.translate(low)
          == (hasLow ? .at(0x500_0000, upTo: 1 << 20) : .notMapped(level: 2)))
      #expect(
        try memory.translate(high)
          == (hasHigh ? .at(0x600_0000, upTo: 1 << 20) : .notMapped(level: 2)))
    }
  }

  @Test(
    "Tables that are shorter than a page begin inside one",
    arguments: [
      ("arm, short descriptors", 1 << 10), ("s390x, 3 levels", 1 << 11),
      ("ppc64, radix, 64K pages", 1 << 8), ("ppc64, hash, 64K pages", 1 << 8),
    ] as [(String, UInt64)])
  func shortTables(name: String, alignment: UInt64) throws {
    let form = try Self.form(name)
    let last = form.steps.count - 1
    let address = form.address(0x1234_5678)
    let table = 0x50_0000 + alignment
    var model = form.model()
    model.map(address, to: 0, by: last)
    model.write(form.steps[last - 1].table(table), at: model.place(of: address, in: last - 1))
    let index = (address >> form.steps[last].shift) % (1 << form.steps[last].bits)
    model.write(form.steps[last].leaf?(0x77_0000) ?? 0, at: table + index * form.entrySize)
    let offset = address % (1 << form.steps[last].shift)
    let size = UInt64(1) << form.steps[last].shift
    #expect(
      try model.virtualMemory(form.form).translate(address)
        == .at(0x77_0000 + offset, upTo: size - offset))
  }

  @Test("Unused entries of loongarch64 lead to a table of unused pages")
  func invalidTables() throws {
    let form = try Self.form("loongarch64, 16K pages, 3 levels")
    var model = form.model()
    let address: UInt64 = 0xffff_8000_0400_0000
    model.map(address, to: 0x4000, by: 2)
    model.write(0x40, at: model.place(of: address, in: 2))
    #expect(try model.virtualMemory(form.form).translate(address) == .notMapped(level: 1))
  }

  @Test("The tables of loongarch64 show how many levels they have, unused entries or not")
  func depth() throws {
    let base: UInt64 = 0x9000 << 48
    for form in TableCase.all where form.name.hasPrefix("loongarch64") {
      let pageSize = form.name.contains(" 4K") ? 4096 : form.name.contains("16K") ? 16384 : 65536
      let last = form.steps.count - 1
      var model = form.model()
      model.map(form.base + 0x8_0000_0000, to: 0x70_0000, by: last)
      let information = VMCoreInfo(
        Array("SYMBOL(swapper_pg_dir)=\(String(base + model.root, radix: 16))\n".utf8)
          + Array("PAGESIZE=\(pageSize)\n".utf8))
      let memory = VirtualMemory(
        try model.physicalMemory(), order: .little, wordSize: 8,
        mappings: [.linear(base...base | 0xffff_ffff_ffff, minus: base)])
      #expect(
        try PageTable.loongarch64(PageTableEvidence(information, memory))
          == .found(PageTable(form.form, root: model.root)), "\(form.name)")
    }
  }

  @Test("Radix tables are big-endian in a little-endian kernel too")
  func radixOrder() throws {
    let form = try Self.form("ppc64, radix, 64K pages")
    var model = form.model()
    model.map(0xc008_0000_0001_0000, to: 0x7_0000, by: 3)
    let memory = VirtualMemory(
      try model.physicalMemory(), order: .little, wordSize: 8,
      mappings: [.pageTable(PageTable(form.form, root: model.root))])
    #expect(try memory.translate(0xc008_0000_0001_0042) == .at(0x7_0042, upTo: 0xffbe))
  }
}
