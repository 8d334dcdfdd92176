import Bytes
import DumpRecords
import MemoryImages

extension ImageOptions {
  /// Options with some machines that dumps can be of.
  static var withMachines: ImageOptions {
    ImageOptions(machines: [
      machine("x86_64", .x86_64, "x86_64*", 336), machine("i386", .i386, "i?86", 144),
      machine("aarch64", .aarch64, "aarch64*", 392), machine("arm", .arm, "arm*", 148),
      machine("ppc64", .ppc64, "ppc64*", 504), machine("riscv64", .riscv, "riscv*", 376),
    ])
  }

  private static func machine(
    _ name: String, _ machine: ELFMachine, _ family: NamePattern, _ statusSize: UInt32
  ) -> MachineIdentity {
    MachineIdentity(
      name: name, machines: [machine], classes: ELFClass.allCases, order: .little,
      wordSize: statusSize > 150 ? 8 : 4, systemNames: [family], family: family,
      statusSize: statusSize)
  }
}
