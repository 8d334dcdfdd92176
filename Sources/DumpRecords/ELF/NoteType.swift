/// Name and type of a note: what kdump and its readers know. Values: `include/uapi/linux/elf.h`.
package struct NoteType: Hashable, Sendable {
  /// The name, without the NUL.
  package let name: String
  /// `n_type`
  package let type: UInt32

  /// A note of that name (without the NUL) and type.
  package init(name: String, type: UInt32) {
    self.name = name
    self.type = type
  }

  /// `NT_PRSTATUS`: the registers of one CPU, in `struct elf_prstatus`.
  package static let processStatus = NoteType(name: "CORE", type: 1)
  /// `NT_PRFPREG`
  package static let floatingPoint = NoteType(name: "CORE", type: 2)
  /// `NT_PRPSINFO`
  package static let processInformation = NoteType(name: "CORE", type: 3)
  /// `NT_AUXV`
  package static let auxiliaryVector = NoteType(name: "CORE", type: 6)
  /// `NT_S390_TIMER`
  package static let s390Timer = NoteType(name: "LINUX", type: 0x301)
  /// `NT_S390_TODCMP`
  package static let s390ClockComparator = NoteType(name: "LINUX", type: 0x302)
  /// `NT_S390_TODPREG`
  package static let s390TODRegister = NoteType(name: "LINUX", type: 0x303)
  /// `NT_S390_CTRS`
  package static let s390ControlRegisters = NoteType(name: "LINUX", type: 0x304)
  /// `NT_S390_PREFIX`
  package static let s390Prefix = NoteType(name: "LINUX", type: 0x305)
  /// `NT_S390_VXRS_LOW`: bytes 8 to 15 of vector registers 0 to 15.
  package static let s390VectorLow = NoteType(name: "LINUX", type: 0x309)
  /// `NT_S390_VXRS_HIGH`: vector registers 16 to 31.
  package static let s390VectorHigh = NoteType(name: "LINUX", type: 0x30a)
  /// This program's own: an s390x re-IPL block, exactly its bytes (`--embed-reipl`). The type is
  /// `RIPL`: crash and gdb go by the type alone for names that they do not know, and 1 would be
  /// one more CPU.
  package static let reIPLBlock = NoteType(name: "VMCOREGEN", type: 0x5249_504c)
  /// The text that the kernel exports for dump tools.
  package static let vmCoreInfo = NoteType(name: "VMCOREINFO", type: 0)
  /// The same, of a Xen hypervisor.
  package static let vmCoreInfoXen = NoteType(name: "VMCOREINFO_XEN", type: 0)
  /// Registers of an x86 CPU as QEMU knows them: a hypervisor made the dump
  /// (`target/i386/arch_dump.c`).
  package static let qemu = NoteType(name: "QEMU", type: 0)
}
