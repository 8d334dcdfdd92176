internal import Bytes
internal import DumpRecords

extension Architecture {
  /// x0…x30 **sp** **pc** pstate.
  package static let aarch64 = Architecture(
    identity: MachineIdentity(
      name: "aarch64", machines: [.aarch64], classes: ELFClass.allCases, order: .little,
      wordSize: 8, systemNames: ["aarch64"], family: "aarch64*", statusSize: 392),
    registers: RegisterPlaces(programCounter: 32, stackPointer: 31), onlyPageSize: nil,
    integerAlignment: 8, linearMap: splitLinearMap, pageTable: PageTable.arm64, furtherMapping: nil,
    directMapVariable: nil, needsImageLoad: true,
    physicalBase: .number("PHYS_OFFSET"), buildsCoreHeader: false, backupRegion: .anyone,
    absenceOfPurgatory: "kexec_file_load on arm64 has no purgatory", hypervisor: .floatingPoint)

  /// The linear map is the lower half of the kernel's addresses, the image lies in the upper one
  /// (Linux 5.4 and later, `arch/arm64/include/asm/memory.h`).
  @Sendable private static func splitLinearMap(_ information: VMCoreInfo) -> LinearMap? {
    guard let image = information.number("kimage_voffset"),
      let bits = information.number("VA_BITS"), (36...52).contains(bits)
    else { return nil }
    let half = 0 &- (UInt64(1) << (min(bits, 48) - 1))
    var windows = [LinearMap.Window(half ... .max, minus: image, isDirectMap: false)]
    if let start = information.number("PHYS_OFFSET") {
      let linear = 0 &- (UInt64(1) << bits)
      windows.append(.init(linear...half - 1, minus: linear &- start))
    }
    return LinearMap(windows)
  }
}
