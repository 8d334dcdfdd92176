package import Bytes
package import DumpRecords

extension Architecture {
  /// psw mask, **psw address**, gpr0…**gpr15**, acrs, orig_gpr2.
  package static let s390x = Architecture(
    identity: MachineIdentity(
      name: "s390x", machines: [.s390], classes: [.bits64], order: .big, wordSize: 8,
      systemNames: ["s390x"], family: "s390*", statusSize: 336),
    registers: RegisterPlaces(programCounter: 1, stackPointer: 17), onlyPageSize: 4096,
    integerAlignment: 8, linearMap: { S390AddressSpace($0).linearMap }, pageTable: PageTable.s390x,
    furtherMapping: nil,
    memoryMap: MemoryMapRules { kernel in
      .init(section: kernel.isRelease(atLeast: 6, 13) ? 27 : 28, physical: [46, 42])
    }, directMapVariable: nil,
    needsImageLoad: false, physicalBase: .zero, buildsCoreHeader: true, hasFirmwareDump: false,
    backupRegion: .anyone,
    absenceOfPurgatory: nil, hypervisor: .none)
}

/// How an s390x kernel's virtual addresses become physical ones.
///
/// Up to Linux 6.9 they are the same. From 6.10 on (commits 378e32aa8197, c98d2ecae08f) the kernel
/// image, the 31-bit code and the identity map have places of their own: os_info and vmcoreinfo
/// say where.
package struct S390AddressSpace: Equatable, Sendable {
  /// Virtual address of the kernel image; 0 where virtual addresses are physical ones.
  private var image: UInt64 = 0
  private var imagePhysical: UInt64 = 0
  private var identityBase: UInt64 = 0
  private var amode31: Range<UInt64> = 0..<0

  /// The rule where nothing tells: virtual addresses are physical ones.
  package init() {}

  /// The rule of the kernel that left an os_info page.
  package init(_ page: OSInfo) {
    image = page[.kaslrOffset].address
    imagePhysical = page[.kaslrPhysicalOffset].address
    identityBase = page[.identityBase].address
    setAMODE31(page[.amode31Start].address, page[.amode31End].address)
  }

  /// The rule that vmcoreinfo tells; the keys came with the change.
  package init(_ information: VMCoreInfo) {
    guard let physical = information.hexadecimal("KERNELOFFPHYS") else { return }
    image = information.hexadecimal("KERNELOFFSET") ?? 0
    imagePhysical = physical
    identityBase = information.hexadecimal("IDENTITYBASE") ?? 0
    setAMODE31(
      information.hexadecimal("SAMODE31") ?? 0, information.hexadecimal("EAMODE31") ?? 0)
  }

  private mutating func setAMODE31(_ start: UInt64, _ end: UInt64) {
    if start < end { amode31 = start..<end }
  }

  /// The same as stretches of addresses.
  package var linearMap: LinearMap {
    guard image != 0 else { return LinearMap([.init(0 ... .max, minus: 0)]) }
    let lowcore = UInt64(Lowcore.size)
    var windows = [LinearMap.Window(0...lowcore - 1, minus: 0, isDirectMap: false)]
    if let last = amode31.last {
      windows.append(.init(amode31.lowerBound...last, minus: 0, isDirectMap: false))
    }
    windows.append(.init(image ... .max, minus: image &- imagePhysical, isDirectMap: false))
    if identityBase < image {
      windows.append(.init(identityBase...image - 1, minus: identityBase))
    }
    return LinearMap(windows)
  }
}

extension PageTableForm {
  /// s390x from a level on: 3 is the region-first table, 2 the second, 1 the third, 0 the segment
  /// table. Leaves of 4 KiB, 1 MiB (EDAT1) and 2 GiB (EDAT2).
  ///
  /// Sources: z/Architecture Principles of Operation, "Dynamic Address Translation";
  /// `arch/s390/include/asm/pgtable.h`. Seen in Linux 6.1 and 6.12, both from region-third tables on
  /// and without large pages.
  package static func s390x(from first: UInt64) -> PageTableForm {
    let first = min(first, 3)
    let pages = Level(
      index: 12..<20, present: .clear(1 << 10),
      leaves: [Leaf(.clear(1 << 11), shift: 12, address: [AddressBits(12..<64)])])
    return PageTableForm(
      addresses: [0...UInt64.max >> (11 * (3 - first))],
      levels: (0...first).reversed().map(region) + [pages])
  }

  /// A table of regions, or of segments. An entry tells which one it stands in, and which part of
  /// a lower table of regions exists.
  private static func region(_ number: UInt64) -> Level {
    let shift = 20 + 11 * Int(number)
    let type = number << 2
    let isSegment = number == 0
    // A region of the first two kinds has no large form: the bit says nothing there.
    let leaf = Leaf(
      .equals(type | 1 << 10, under: 0xc | 1 << 10), shift: shift,
      address: [AddressBits(shift..<64)])
    let branch = Branch(
      number > 1 ? .equals(type, under: 0xc) : .equals(type, under: 0xc | 1 << 10),
      address: [AddressBits((isSegment ? 11 : 12)..<64)],
      limits: isSegment ? nil : TableLimits(first: 6..<8, last: 0..<2))
    return Level(
      index: shift..<shift + 11, present: .clear(1 << 5), leaves: number > 1 ? [] : [leaf],
      branch: branch)
  }
}

extension PageTable {
  /// The tables of an s390x kernel. Which kind the first one is, each of its entries says, used or
  /// not: the kernel fills them all (`crst_table_init`, `arch/s390/include/asm/pgalloc.h`).
  package static func s390x(_ evidence: PageTableEvidence) throws(ReadError) -> Answer {
    guard let address = try evidence.address(of: PageTableEvidence.root) else {
      return .absent("no swapper_pg_dir is known")
    }
    switch try evidence.memory.read(UInt64.self, at: address) {
    case .found(let entry):
      let form = PageTableForm.s390x(from: entry >> 2 & 3)
      return try evidence.table(form, at: PageTableEvidence.root)
    case .unreadable(let why): return .absent("swapper_pg_dir cannot be read: \(why)")
    }
  }
}
