/// `e_machine`: an open enumeration, unknown values survive. Values: `include/uapi/linux/elf-em.h`.
package struct ELFMachine: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt16

  /// Any value of `e_machine`.
  package init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  package static let i386 = ELFMachine(rawValue: 3)
  package static let i486 = ELFMachine(rawValue: 6)
  package static let mips = ELFMachine(rawValue: 8)
  package static let ppc = ELFMachine(rawValue: 20)
  package static let ppc64 = ELFMachine(rawValue: 21)
  package static let s390 = ELFMachine(rawValue: 22)
  package static let arm = ELFMachine(rawValue: 40)
  package static let ia64 = ELFMachine(rawValue: 50)
  package static let x86_64 = ELFMachine(rawValue: 62)
  package static let aarch64 = ELFMachine(rawValue: 183)
  package static let riscv = ELFMachine(rawValue: 243)
  package static let loongArch = ELFMachine(rawValue: 258)
}
