internal import Bytes
internal import DumpRecords

extension Architecture {
  /// Big-endian 64-bit POWER.
  package static let ppc64 = powerPC("ppc64", order: .big)
  /// Little-endian 64-bit POWER.
  package static let ppc64le = powerPC("ppc64le", order: .little)

  /// gpr0 **gpr1**…gpr31 **nip** msr …
  private static func powerPC(_ name: String, order: ByteOrder) -> Architecture {
    Architecture(
      name, machines: [.ppc64], order: order, wordSize: 8, programCounter: 32, stackPointer: 1)
  }
}
