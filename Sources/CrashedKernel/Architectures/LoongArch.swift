internal import Bytes
internal import DumpRecords

extension Architecture {
  /// r0…r31 orig_a0 **csr_era** csr_badv …; r3 is the stack pointer.
  package static let loongarch64 = Architecture(
    "loongarch64", machines: [.loongArch], order: .little, wordSize: 8,
    programCounter: 33, stackPointer: 3)
}
