/// `e_machine`: an open enumeration, unknown values survive. Values: `include/uapi/linux/elf-em.h`.
package struct ELFMachine: RawRepresentable, Hashable, Sendable {
  /// The value as it stands in the file.
  package let rawValue: UInt16

  /// Any value of `e_machine`.
  package init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  /// `EM_386`
  package static let i386 = ELFMachine(rawValue: 3)
  /// `EM_486`
  package static let i486 = ELFMachine(rawValue: 6)
  /// `EM_MIPS`
  package static let mips = ELFMachine(rawValue: 8)
  /// `EM_PPC`
  package static let ppc = ELFMachine(rawValue: 20)
  /// `EM_PPC64`
  package static let ppc64 = ELFMachine(rawValue: 21)
  /// `EM_S390`
  package static let s390 = ELFMachine(rawValue: 22)
  /// `EM_ARM`
  package static let arm = ELFMachine(rawValue: 40)
  /// `EM_IA_64`
  package static let ia64 = ELFMachine(rawValue: 50)
  /// `EM_X86_64`
  package static let x86_64 = ELFMachine(rawValue: 62)
  /// `EM_AARCH64`
  package static let aarch64 = ELFMachine(rawValue: 183)
  /// `EM_RISCV`
  package static let riscv = ELFMachine(rawValue: 243)
  /// `EM_LOONGARCH`
  package static let loongArch = ELFMachine(rawValue: 258)
}
