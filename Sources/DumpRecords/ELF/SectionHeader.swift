package import Bytes

/// The first entry of the section header table, `Elf32_Shdr` / `Elf64_Shdr`: a core file has no
/// other, and of this one a single field counts.
/// Layout: ELF gABI, "Section Header".
package enum SectionHeader {
  /// `sh_info`: the number of program headers where `e_phnum` is `PN_XNUM`.
  package static func info(in elfClass: ELFClass) -> Field<UInt32> {
    switch elfClass {
    case .bits32: Field(at: 28)
    case .bits64: Field(at: 44)
    }
  }

  /// Size of an entry of class 64.
  package static let size64 = 64

  /// Appends the first entry of a file of class 64 with so many program headers.
  package static func writeFirst(count: UInt32, to writer: inout ByteWriter) {
    writer.write(contentsOf: repeatElement(0, count: 32))
    writer.write(UInt64(1))  // sh_size: the number of section headers
    writer.write(UInt32(0))  // sh_link
    writer.write(count)  // sh_info
    writer.write(contentsOf: repeatElement(0, count: 16))
  }
}
