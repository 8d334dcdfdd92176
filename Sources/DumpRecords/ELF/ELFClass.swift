/// `EI_CLASS`: the word size of an ELF file, which decides the layout of its records.
package enum ELFClass: UInt8, Sendable, Hashable, CaseIterable {
  /// `ELFCLASS32`
  case bits32 = 1
  /// `ELFCLASS64`
  case bits64 = 2

  /// Size of an address or offset in bytes.
  package var wordSize: Int { self == .bits32 ? 4 : 8 }

  /// Size of `Elf32_Ehdr` or `Elf64_Ehdr`.
  package var headerSize: Int { self == .bits32 ? 52 : 64 }

  /// Size of `Elf32_Phdr` or `Elf64_Phdr`.
  package var programHeaderSize: Int { self == .bits32 ? 32 : 56 }

  /// 32 or 64.
  package var bits: Int { wordSize * 8 }
}
