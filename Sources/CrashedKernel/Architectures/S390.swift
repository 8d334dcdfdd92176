internal import Bytes
internal import DumpRecords

extension Architecture {
  /// psw mask, **psw address**, gpr0…**gpr15**, acrs, orig_gpr2.
  package static let s390x = Architecture(
    "s390x", machines: [.s390], classes: [.bits64], order: .big, wordSize: 8,
    programCounter: 1, stackPointer: 17, onlyPageSize: 4096)
}
