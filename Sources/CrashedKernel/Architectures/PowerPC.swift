internal import Bytes
internal import DumpRecords

extension Architecture {
  /// Big-endian 64-bit POWER.
  package static let ppc64 = powerPC("ppc64", order: .big)
  /// Little-endian 64-bit POWER.
  package static let ppc64le = powerPC("ppc64le", order: .little)

  /// gpr0 **gpr1**…gpr31 **nip** msr … The kernel image lies in the direct map.
  private static func powerPC(_ name: String, order: ByteOrder) -> Architecture {
    Architecture(
      identity: MachineIdentity(
        name: name, machines: [.ppc64], classes: ELFClass.allCases, order: order, wordSize: 8,
        systemNames: [NamePattern(stringLiteral: name)], family: "ppc64*", statusSize: 504),
      registers: RegisterPlaces(programCounter: 32, stackPointer: 1), onlyPageSize: nil,
      integerAlignment: 8,
      linearMap: { _ in LinearMap([.init(0xc000 << 48 ... .max, minus: 0xc000 << 48)]) },
      pageTable: PageTable.power, furtherMapping: Mapping.powerVmemmap,
      directMapVariable: nil, needsImageLoad: true, physicalBase: .zero, buildsCoreHeader: false,
      backupRegion: .anyone, absenceOfPurgatory: "kexec_file_load on ppc64 checks no digest",
      hypervisor: .floatingPoint)
  }
}
