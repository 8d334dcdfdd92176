package import Bytes

extension ELFHeader {
  /// The header of a core file as kernels and kexec-tools write it: the program headers directly
  /// behind it, no sections, `ELFOSABI_NONE`.
  package init(coreFor machine: ELFMachine, elfClass: ELFClass, order: ByteOrder) {
    let data: UInt8 = order == .big ? 2 : 1
    identification =
      ELFHeader.magic + [elfClass.rawValue, data, 1] + [UInt8](repeating: 0, count: 9)
    self.order = order
    type = ELFHeader.coreType
    self.machine = machine
    version = 1
    entry = 0
    programHeaderOffset = UInt64(elfClass.headerSize)
    sectionHeaderOffset = 0
    flags = 0
    headerSize = UInt16(elfClass.headerSize)
    programHeaderEntrySize = UInt16(elfClass.programHeaderSize)
    programHeaderCount = 0
    sectionHeaderEntrySize = 0
    sectionHeaderCount = 0
    sectionNameIndex = 0
  }
}
