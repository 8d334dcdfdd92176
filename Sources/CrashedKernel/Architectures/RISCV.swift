internal import Bytes
internal import DumpRecords

extension Architecture {
  /// **pc** ra **sp** gp tp …
  package static let riscv64 = Architecture(
    "riscv64", machines: [.riscv], classes: [.bits64], order: .little, wordSize: 8,
    programCounter: 0, stackPointer: 2)
}
