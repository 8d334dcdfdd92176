internal import Bytes
internal import DumpRecords

extension Architecture {
  /// **pc** ra **sp** gp tp …
  package static let riscv64 = Architecture(
    identity: MachineIdentity(
      name: "riscv64", machines: [.riscv], classes: [.bits64], order: .little, wordSize: 8,
      systemNames: ["riscv64"], family: "riscv*", statusSize: 376),
    registers: RegisterPlaces(programCounter: 0, stackPointer: 2), onlyPageSize: nil,
    integerAlignment: 8, linearMap: linearMap, pageTable: PageTable.riscv64, furtherMapping: nil,
    directMapVariable: nil, needsImageLoad: true,
    physicalBase: .number("phys_ram_base"), buildsCoreHeader: false, backupRegion: .anyone,
    absenceOfPurgatory: nil, hypervisor: .floatingPointOrFlatLoads)

  /// Source: `arch/riscv/include/asm/page.h`; the keys exist since Linux 6.2.
  @Sendable private static func linearMap(_ information: VMCoreInfo) -> LinearMap? {
    guard let offset = information.number("va_kernel_pa_offset"),
      let link = information.number("KERNEL_LINK_ADDR")
    else { return nil }
    var windows = [LinearMap.Window(link ... .max, minus: offset, isDirectMap: false)]
    if let linear = information.number("PAGE_OFFSET"), linear < link,
      let start = information.number("phys_ram_base")
    {
      windows.append(.init(linear...link - 1, minus: linear &- start))
    }
    return LinearMap(windows)
  }
}
