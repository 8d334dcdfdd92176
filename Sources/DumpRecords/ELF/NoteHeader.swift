package import Bytes

/// The head of one ELF note, `Elf32_Nhdr` / `Elf64_Nhdr` (the same in both classes).
package struct NoteHeader: Equatable, Sendable {
  package var nameSize: UInt32  // n_namesz, the NUL included
  package var descriptionSize: UInt32  // n_descsz
  package var type: UInt32  // n_type

  /// Size of the three words.
  package static let size = 12

  /// A head from its fields.
  package init(nameSize: UInt32, descriptionSize: UInt32, type: UInt32) {
    self.nameSize = nameSize
    self.descriptionSize = descriptionSize
    self.type = type
  }

  /// Reads the three words.
  package init(from reader: inout ByteReader) throws(ShortRecord) {
    nameSize = try reader.read()
    descriptionSize = try reader.read()
    type = try reader.read()
  }

  /// Appends the three words.
  package func write(to writer: inout ByteWriter) {
    writer.write(nameSize)
    writer.write(descriptionSize)
    writer.write(type)
  }

  /// Offset of the description from the start of the note: names are padded to 4 bytes, in
  /// ELF64 too and whatever `p_align` says (`fs/proc/vmcore.c`).
  package var descriptionOffset: UInt64 {
    UInt64(NoteHeader.size) + (UInt64(nameSize) + 3).roundedDown(to: 4)
  }

  /// Bytes that the whole note takes, padding included. It cannot overflow 64 bits.
  package var totalSize: UInt64 {
    descriptionOffset + (UInt64(descriptionSize) + 3).roundedDown(to: 4)
  }
}
