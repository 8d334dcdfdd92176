import Bytes
import CrashedKernel
import DumpRecords
import MemoryImages
import TestSupport
import Testing

/// What a kernel's vmcoreinfo says of its page tables.
struct PageTableEvidenceTests {
  /// A kernel whose image lies at 1 MiB, with words of its memory.
  private static func evidence(
    _ lines: [String], at base: UInt64 = 0xc000_0000, words: [(UInt64, UInt64)] = [],
    order: ByteOrder = .little, symbols: [String: UInt64] = [:]
  ) throws -> PageTableEvidence {
    var memory = SparseMemory()
    memory.write([UInt8](repeating: 0, count: 0x1_0000), at: 0x10_0000)
    for (address, word) in words {
      let bytes = (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
      memory.write(order == .little ? bytes : bytes.reversed(), at: address)
    }
    let source = ByteArraySource(memory.read(0x10_0000, 0x1_0000), name: "kernel")
    let physical = PhysicalMemory(
      region: MemoryRegion(range: 0x10_0000..<0x11_0000, source: source, offset: 0))
    return PageTableEvidence(
      VMCoreInfo(Array(lines.map { $0 + "\n" }.joined().utf8)),
      VirtualMemory(
        physical, order: order, wordSize: 8,
        mappings: [.linear(base...base + 0xffff, minus: base &- 0x10_0000)]),
      symbol: { symbols[$0] })
  }

  private static func found(_ form: PageTableForm) -> PageTable.Answer {
    .found(PageTable(form, root: 0x10_4000))
  }

  private static let root = "SYMBOL(swapper_pg_dir)=c0004000"

  @Test("x86_64: levels, encryption, and three names for the first table")
  func x86() throws {
    for name in ["init_top_pgt", "init_level4_pgt", "swapper_pg_dir"] {
      let symbol = "SYMBOL(\(name))=c0004000"
      #expect(
        try PageTable.x86_64(Self.evidence([symbol])) == Self.found(.x86_64(levels: 4)))
      #expect(
        try PageTable.x86_64(
          Self.evidence([
            symbol, "NUMBER(pgtable_l5_enabled)=1", "NUMBER(sme_mask)=140737488355328",
          ]))
          == Self.found(.x86_64(levels: 5, encryption: 1 << 47)))
    }
    #expect(
      try PageTable.x86_64(Self.evidence([], symbols: ["swapper_pg_dir": 0xc000_4000]))
        == Self.found(.x86_64(levels: 4)))
    #expect(try PageTable.i386(Self.evidence([Self.root])) == Self.found(.i386))
    #expect(
      try PageTable.i386(Self.evidence([Self.root, "CONFIG_X86_PAE=y"])) == Self.found(.i386PAE))
  }

  @Test("arm64: page size, bits of the configuration, bits of the hardware")
  func arm64() throws {
    for (lines, form) in [
      (
        ["PAGESIZE=4096", "NUMBER(VA_BITS)=39"],
        PageTableForm.arm64(pageShift: 12, bits: 39, configured: 39)
      ),
      (
        ["PAGESIZE=4096", "NUMBER(VA_BITS)=52", "NUMBER(TCR_EL1_T1SZ)=0x10"],
        .arm64(pageShift: 12, bits: 48, configured: 52)
      ),
      (
        ["PAGESIZE=16384", "NUMBER(VA_BITS)=52", "NUMBER(TCR_EL1_T1SZ)=0xc"],
        .arm64(pageShift: 14, bits: 52, configured: 52)
      ),
      (
        ["PAGESIZE=65536", "NUMBER(VA_BITS)=52", "SYMBOL(mem_section)=fff8000012345678"],
        .arm64(pageShift: 16, bits: 48, configured: 52)
      ),
      (
        ["PAGESIZE=65536", "NUMBER(VA_BITS)=52", "SYMBOL(mem_section)=fff0000012345678"],
        .arm64(pageShift: 16, bits: 52, configured: 52)
      ),
    ] as [([String], PageTableForm)] {
      #expect(try PageTable.arm64(Self.evidence(lines + [Self.root])) == Self.found(form))
    }
  }

  @Test("s390x: the first table says which one it is, used or not")
  func s390() throws {
    for (entry, first) in [(0x20, 0), (0x24, 1), (0x10_5007, 1), (0x28, 2), (0x2c, 3)]
      as [(UInt64, UInt64)]
    {
      let evidence = try Self.evidence(
        [Self.root], words: [(0x10_4000, entry)], order: .big)
      #expect(try PageTable.s390x(evidence) == Self.found(.s390x(from: first)))
    }
  }

  @Test("riscv64, arm and loongarch64")
  func others() throws {
    #expect(
      try PageTable.riscv64(Self.evidence([Self.root, "NUMBER(VA_BITS)=57"]))
        == Self.found(.riscv64(bits: 57)))
    #expect(try PageTable.arm(Self.evidence([Self.root])) == Self.found(.armShort))
    #expect(
      try PageTable.arm(Self.evidence([Self.root, "CONFIG_ARM_LPAE=y"])) == Self.found(.armLPAE))
    for (symbols, levels) in [
      (["invalid_pte_table": 1], 2), (["invalid_pte_table": 1, "invalid_pmd_table": 2], 3),
      (["invalid_pte_table": 1, "invalid_pmd_table": 2, "invalid_pud_table": 3], 4),
    ] as [([String: UInt64], Int)] {
      let evidence = try Self.evidence([Self.root, "PAGESIZE=16384"], symbols: symbols)
      #expect(
        try PageTable.loongarch64(evidence)
          == Self.found(.loongarch64(pageShift: 14, levels: levels)))
    }
  }

  @Test("ppc64: which MMU is in use, by vmcoreinfo or by what the tables have")
  func power() throws {
    let base: UInt64 = 0xc000_0000_0000_0000
    func read(_ lines: [String], first entry: UInt64 = 0) throws -> PageTable.Answer {
      try PageTable.power(
        Self.evidence(
          lines + ["SYMBOL(swapper_pg_dir)=c000000000004000", "PAGESIZE=65536"], at: base,
          words: [(0x10_4000, entry.byteSwapped)]))
    }
    let radix = PageTableForm.powerRadix(pageShift: 16)
    let hash = PageTableForm.powerHash(pageShift: 16)
    #expect(try read(["OSRELEASE=6.12.1", "NUMBER(RADIX_MMU)=1"]) == Self.found(radix))
    #expect(try read(["OSRELEASE=6.12.1", "NUMBER(RADIX_MMU)=0"]) == Self.found(hash))
    // The image is at 1 MiB here: a leaf of the first table maps it there.
    let itself: UInt64 = 0xc000_0000_0000_018e
    #expect(try read(["OSRELEASE=6.1.0-50"]) == Self.found(hash))
    #expect(
      try read(["OSRELEASE=6.1.0-50"], first: itself)
        == .absent("nothing says which MMU is in use, and the first table is damaged"))
    #expect(
      try read(["OSRELEASE=6.1.0-50"], first: 1 << 63 | 0x20_0009)
        == .absent("nothing says which MMU is in use, and the first table is damaged"))
    #expect(
      try read(["OSRELEASE=4.12.14"]) == .absent("tables of this form came with Linux 4.17"))
  }

  @Test("ppc64: tables that lead to themselves are the radix MMU's")
  func radix() throws {
    let form = try #require(TableCase.all.first { $0.name == "ppc64, radix, 64K pages" })
    let base: UInt64 = 0xc000_0000_0000_0000
    var model = form.model()
    model.map(base, to: 0, by: 1)
    let memory = VirtualMemory(
      try model.physicalMemory(), order: .little, wordSize: 8,
      mappings: [.linear(base ... .max, minus: base)])
    let lines = "OSRELEASE=6.1.0-50\nPAGESIZE=65536\nSYMBOL(swapper_pg_dir)=c000000000200000\n"
    let answer = try PageTable.power(PageTableEvidence(VMCoreInfo(Array(lines.utf8)), memory))
    #expect(answer == .found(PageTable(form.form, root: model.root)))
  }

  @Test("Where there is no answer, one sentence says why")
  func absent() throws {
    let answers = [
      try PageTable.x86_64(Self.evidence([])),
      try PageTable.x86_64(Self.evidence(["SYMBOL(init_top_pgt)=d0000000"])),
      try PageTable.x86_64(Self.evidence(["SYMBOL(init_top_pgt)=c0004001"])),
      try PageTable.arm64(Self.evidence([Self.root])),
      try PageTable.arm64(Self.evidence([Self.root, "PAGESIZE=4096"])),
      try PageTable.arm64(Self.evidence([Self.root, "PAGESIZE=4096", "NUMBER(VA_BITS)=53"])),
      try PageTable.arm64(
        Self.evidence([
          Self.root, "PAGESIZE=4096", "NUMBER(VA_BITS)=48", "NUMBER(TCR_EL1_T1SZ)=0xff",
        ])),
      try PageTable.s390x(Self.evidence([])),
      try PageTable.s390x(Self.evidence(["SYMBOL(swapper_pg_dir)=1"])),
      try PageTable.riscv64(Self.evidence([Self.root, "NUMBER(VA_BITS)=40"])),
      try PageTable.power(Self.evidence([Self.root])),
      try PageTable.loongarch64(Self.evidence([Self.root, "PAGESIZE=16384"])),
    ]
    for answer in answers {
      guard case .absent(let why) = answer else {
        Issue.record("\(answer)")
        continue
      }
      #expect(!why.isEmpty && !why.hasSuffix("."))
    }
  }
}

/// Blocks of struct pages of ppc64 kernels with the hash MMU.
struct PowerVmemmapTests {
  private static let base: UInt64 = 0xc000_0000_0000_0000

  /// Memory with a list of blocks of 64 KiB, each `(virtual, physical)`.
  private static func read(
    _ blocks: [(UInt64, UInt64)], loops: Bool = false, shift: UInt32 = 16
  ) throws -> Mapping? {
    var memory = SparseMemory()
    func write(_ words: [UInt64], at address: UInt64) {
      memory.write(
        words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } },
        at: address)
    }
    write([0], at: 0xf000)
    for index in blocks.indices {
      let isLast = index == blocks.count - 1
      let next = isLast ? (loops ? base + 0x1000 : 0) : base + 0x1000 + 24 * UInt64(index + 1)
      write([next, blocks[index].1, blocks[index].0], at: 0x1000 + 24 * UInt64(index))
    }
    write([blocks.isEmpty ? 0 : base + 0x1000], at: 0x2000)
    write([2], at: 0x3000)
    write([UInt64(shift)], at: 0x4000 + 2 * 96)
    let lines = [
      "SYMBOL(vmemmap_list)=c000000000002000", "SYMBOL(mmu_vmemmap_psize)=c000000000003000",
      "SYMBOL(mmu_psize_defs)=c000000000004000", "SIZE(mmu_psize_def)=96",
      "OFFSET(mmu_psize_def.shift)=0", "OFFSET(vmemmap_backing.list)=0",
      "OFFSET(vmemmap_backing.phys)=8", "OFFSET(vmemmap_backing.virt_addr)=16",
    ]
    let source = ByteArraySource(memory.read(0, 0x1_0000), name: "kernel")
    return try Mapping.powerVmemmap(
      VMCoreInfo(Array(lines.map { $0 + "\n" }.joined().utf8)),
      in: VirtualMemory(
        PhysicalMemory(region: MemoryRegion(range: 0..<0x1_0000, source: source, offset: 0)),
        order: .little, wordSize: 8, mappings: [.linear(base ... .max, minus: base)]))
  }

  @Test("Each block has its place; of two for one address the first counts")
  func blocks() throws {
    let start: UInt64 = 0xc00c_0000_0000_0000
    let mapping = try #require(
      try Self.read([(start + 0x1_0000, 0x77_0000), (start, 0x55_0000), (start, 0x11_0000)]))
    let memory = VirtualMemory(
      try PhysicalMemory(regions: []), order: .little, wordSize: 8, mappings: [mapping])
    #expect(try memory.translate(start + 8) == .at(0x55_0008, upTo: 0xfff8))
    #expect(try memory.translate(start + 0x1_0000) == .at(0x77_0000, upTo: 0x1_0000))
    #expect(try memory.translate(start + 0x2_0000) == .notMapped(level: 0))
  }

  @Test("A list that is empty, goes round, leaves memory or has no size is no mapping")
  func damaged() throws {
    let block: [(UInt64, UInt64)] = [(0xc00c_0000_0000_0000, 0)]
    #expect(try Self.read([]) == nil)
    #expect(try Self.read(block, loops: true) == nil)
    #expect(try Self.read(block, shift: 63) == nil)
    #expect(try Self.read([(.max, 0)]) == nil)
    #expect(try Self.read(block) != nil)
  }
}
