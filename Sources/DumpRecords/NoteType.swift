/// Name and type of a note: what kdump and its readers know. Values: `include/uapi/linux/elf.h`.
package struct NoteType: Hashable, Sendable {
  package let name: String
  package let type: UInt32

  /// A note of that name (without the NUL) and type.
  package init(name: String, type: UInt32) {
    self.name = name
    self.type = type
  }

  /// `NT_PRSTATUS`: the registers of one CPU, in `struct elf_prstatus`.
  package static let processStatus = NoteType(name: "CORE", type: 1)
  /// The text that the kernel exports for dump tools.
  package static let vmCoreInfo = NoteType(name: "VMCOREINFO", type: 0)
  /// The same, of a Xen hypervisor.
  package static let vmCoreInfoXen = NoteType(name: "VMCOREINFO_XEN", type: 0)
}
