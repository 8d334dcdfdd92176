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
}
