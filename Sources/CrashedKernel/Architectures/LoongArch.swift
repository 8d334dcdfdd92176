internal import Bytes
internal import DumpRecords

extension Architecture {
  /// r0…r31 orig_a0 **csr_era** csr_badv …; r3 is the stack pointer.
  package static let loongarch64 = Architecture(
    identity: MachineIdentity(
      name: "loongarch64", machines: [.loongArch], classes: ELFClass.allCases, order: .little,
      wordSize: 8, systemNames: ["loongarch64"], family: "loongarch*", statusSize: 480),
    registers: RegisterPlaces(programCounter: 33, stackPointer: 3), onlyPageSize: nil,
    integerAlignment: 8,
    linearMap: { _ in
      LinearMap([.init(0x9000 << 48...0x9000_ffff_ffff_ffff, minus: 0x9000 << 48)])
    },
    pageTable: PageTable.loongarch64, furtherMapping: nil,
    directMapVariable: nil, needsImageLoad: false, physicalBase: .zero, buildsCoreHeader: false,
    backupRegion: .anyone, absenceOfPurgatory: nil, hypervisor: .floatingPoint)
}
