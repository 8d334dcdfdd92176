internal import Bytes
internal import DumpRecords

extension Architecture {
  /// r0…r12 **sp** lr **pc** cpsr orig_r0. With RAM beyond 4 GiB the header may be of class 64.
  package static let arm = Architecture(
    identity: MachineIdentity(
      name: "arm", machines: [.arm], classes: ELFClass.allCases, order: .little, wordSize: 4,
      systemNames: ["armv*"], family: "arm*", statusSize: 148),
    registers: RegisterPlaces(programCounter: 15, stackPointer: 13), onlyPageSize: nil,
    integerAlignment: 8, linearMap: { _ in nil }, pageTable: PageTable.arm, furtherMapping: nil,
    directMapVariable: nil, needsImageLoad: false,
    physicalBase: .lowestLoad, buildsCoreHeader: false, backupRegion: .anyone,
    absenceOfPurgatory: nil, hypervisor: .floatingPoint)
}
