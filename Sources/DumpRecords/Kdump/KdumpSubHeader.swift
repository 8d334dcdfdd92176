package import Bytes

/// The head of block 1 of a kdump-compressed file: `struct kdump_sub_header`. Each version of the
/// format added fields at its end. Source: makedumpfile `diskdump_mod.h`.
package struct KdumpSubHeader: Equatable, Sendable {
  package var physicalBase: UInt64 = 0  // phys_base, a bit pattern: may be negative
  package var dumpLevel: UInt32 = 0  // dump_level
  package var split: UInt32 = 0  // split, since version 2
  package var startFrame32: UInt64 = 0  // start_pfn, a word
  package var endFrame32: UInt64 = 0  // end_pfn, a word
  package var infoOffset: UInt64 = 0  // offset_vmcoreinfo, since version 3
  package var infoSize: UInt64 = 0  // size_vmcoreinfo
  package var noteOffset: UInt64 = 0  // offset_note, since version 4
  package var noteSize: UInt64 = 0  // size_note
  package var eraseInfoOffset: UInt64 = 0  // offset_eraseinfo, since version 5
  package var eraseInfoSize: UInt64 = 0  // size_eraseinfo
  package var startFrame: UInt64 = 0  // start_pfn_64, since version 6
  package var endFrame: UInt64 = 0  // end_pfn_64
  package var maximumFrame: UInt64 = 0  // max_mapnr_64

  /// All fields zero.
  package init() {}

  /// Bytes of the structure of version 6.
  package static func size(in layout: KdumpLayout) -> Int {
    var writer = ByteWriter(order: .little)
    KdumpSubHeader().write(to: &writer, layout: layout)
    return writer.bytes.count
  }

  /// Reads the fields that a version has; the others are zero.
  package init(
    from reader: inout ByteReader, layout: KdumpLayout, version: UInt32
  ) throws(ShortRecord) {
    let word = layout.wordSize
    let start = reader.position
    physicalBase = try reader.readWord(size: word)
    if word == 4 {
      physicalBase = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: physicalBase)))
    }
    dumpLevel = try reader.read()
    guard version >= 2 else { return }
    split = try reader.read()
    startFrame32 = try reader.readWord(size: word)
    endFrame32 = try reader.readWord(size: word)
    guard version >= 3 else { return }
    try reader.align(to: layout.wideAlignment, from: start)
    infoOffset = try reader.read()
    infoSize = try reader.readWord(size: word)
    guard version >= 4 else { return }
    try reader.align(to: layout.wideAlignment, from: start)
    noteOffset = try reader.read()
    noteSize = try reader.readWord(size: word)
    guard version >= 5 else { return }
    try reader.align(to: layout.wideAlignment, from: start)
    eraseInfoOffset = try reader.read()
    eraseInfoSize = try reader.readWord(size: word)
    guard version >= 6 else { return }
    try reader.align(to: layout.wideAlignment, from: start)
    startFrame = try reader.read()
    endFrame = try reader.read()
    maximumFrame = try reader.read()
  }

  /// Appends the structure of version 6; words of 32-bit layouts are cut.
  package func write(to writer: inout ByteWriter, layout: KdumpLayout) {
    let word = layout.wordSize
    let start = writer.bytes.count
    writer.writeWord(physicalBase, size: word)
    writer.write(dumpLevel)
    writer.write(split)
    writer.writeWord(startFrame32, size: word)
    writer.writeWord(endFrame32, size: word)
    writer.align(to: layout.wideAlignment, from: start)
    writer.write(infoOffset)
    writer.writeWord(infoSize, size: word)
    writer.align(to: layout.wideAlignment, from: start)
    writer.write(noteOffset)
    writer.writeWord(noteSize, size: word)
    writer.align(to: layout.wideAlignment, from: start)
    writer.write(eraseInfoOffset)
    writer.writeWord(eraseInfoSize, size: word)
    writer.align(to: layout.wideAlignment, from: start)
    writer.write(startFrame)
    writer.write(endFrame)
    writer.write(maximumFrame)
  }
}
