package import Bytes

/// An ELF core header as it lies in memory: the file header with the program header table
/// directly behind it. `e_phoff` is ignored, as the kernel does (`fs/proc/vmcore.c`).
package struct CoreHeader: Equatable, Sendable {
  /// The file header.
  package var header: ELFHeader
  /// Its class, which decides the layout of the table.
  package var elfClass: ELFClass
  /// The byte order of both.
  package var order: ByteOrder
  /// The program header table.
  package var segments: [ProgramHeader]

  /// A header from its parts; the class and the byte order are those of `e_ident`.
  package init?(header: ELFHeader, segments: [ProgramHeader]) {
    guard let elfClass = header.elfClass, let order = header.order else { return nil }
    self.header = header
    self.elfClass = elfClass
    self.order = order
    self.segments = segments
  }

  /// Bytes that the header and its table take.
  package var size: Int {
    elfClass.headerSize + segments.count * elfClass.programHeaderSize
  }

  /// The segments of one type, each with its place in the table.
  package func segments(
    of type: SegmentType
  ) -> some Sequence<(index: Int, segment: ProgramHeader)> {
    segments.lazy.enumerated().filter { $0.element.type == type }
      .map { (index: $0.offset, segment: $0.element) }
  }

  /// The header and its table, with `e_phnum` set to the number of segments.
  package var encoded: [UInt8] {
    var header = header
    header.programHeaderCount = UInt16(truncatingIfNeeded: segments.count)
    var writer = ByteWriter(order: order, capacity: size)
    header.write(to: &writer, elfClass: elfClass)
    for segment in segments { segment.write(to: &writer, elfClass: elfClass) }
    return writer.bytes
  }
}

extension ELFHeader {
  /// Why the second kernel would refuse the header, or nil where it takes it.
  /// Source: `parse_crash_elf32_headers` and `parse_crash_elf64_headers`, `fs/proc/vmcore.c`.
  package var refusal: String? {
    guard let elfClass else { return "e_ident[EI_CLASS] is \(identification[4]), expected 1 or 2" }
    guard order != nil else { return "e_ident[EI_DATA] is \(identification[5]), expected 1 or 2" }
    if type != ELFHeader.coreType { return "e_type is \(type), expected 4 (ET_CORE)" }
    if identification[6] != 1 { return "e_ident[EI_VERSION] is \(identification[6]), expected 1" }
    if version != 1 { return "e_version is \(version), expected 1" }
    if Int(headerSize) != elfClass.headerSize {
      return "e_ehsize is \(headerSize), expected \(elfClass.headerSize)"
    }
    if Int(programHeaderEntrySize) != elfClass.programHeaderSize {
      return "e_phentsize is \(programHeaderEntrySize), expected \(elfClass.programHeaderSize)"
    }
    if programHeaderCount == 0 { return "e_phnum is 0, expected at least one program header" }
    return nil
  }

  /// Bytes that the header and its table take.
  package var sizeWithTable: Int {
    let elfClass = elfClass ?? .bits64
    return elfClass.headerSize + Int(programHeaderCount) * elfClass.programHeaderSize
  }
}
