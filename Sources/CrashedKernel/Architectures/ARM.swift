internal import Bytes
internal import DumpRecords

extension Architecture {
  /// x0…x30 **sp** **pc** pstate.
  package static let aarch64 = Architecture(
    "aarch64", machines: [.aarch64], order: .little, wordSize: 8,
    programCounter: 32, stackPointer: 31)

  /// r0…r12 **sp** lr **pc** cpsr orig_r0. With RAM beyond 4 GiB the header may be of class 64.
  package static let arm = Architecture(
    "arm", machines: [.arm], order: .little, wordSize: 4, programCounter: 15, stackPointer: 13)
}
