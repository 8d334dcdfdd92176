internal import Bytes
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
    directMapVariable: nil,
    needsImageLoad: false, physicalBase: .zero, buildsCoreHeader: true, backupRegion: .anyone,
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
