package import Bytes

/// Block 0 of a kdump-compressed file: `struct disk_dump_header`, in the byte order and word size
/// of the dumped machine. Source: makedumpfile `diskdump_mod.h`.
package struct KdumpHeader: Equatable, Sendable {
  package var version: UInt32  // header_version
  package var systemName: UTSName  // utsname
  package var seconds: UInt64  // timestamp.tv_sec
  package var microseconds: UInt64  // timestamp.tv_usec
  package var status: KdumpFlags  // status
  package var blockSize: UInt32  // block_size
  package var subHeaderBlocks: UInt32  // sub_hdr_size
  package var bitmapBlocks: UInt32  // bitmap_blocks, of both bitmaps together
  package var maximumFrame: UInt32  // max_mapnr, at most 2³² − 1: see the sub header
  package var totalMemoryBlocks: UInt32  // total_ram_blocks
  package var deviceBlocks: UInt32  // device_blocks
  package var writtenBlocks: UInt32  // written_blocks
  package var currentProcessor: UInt32  // current_cpu
  package var processorCount: UInt32  // nr_cpus; crash wants more than 0

  /// `KDUMP   `
  package static let signature = Array("KDUMP   ".utf8)
  /// The version that is written; 1 to 6 exist.
  package static let currentVersion: UInt32 = 6

  /// Bytes of the structure.
  package static func size(in layout: KdumpLayout) -> Int { layout.wordSize == 8 ? 464 : 452 }

  /// A header of the current version with empty fields.
  package init(blockSize: UInt32) {
    version = KdumpHeader.currentVersion
    systemName = UTSName()
    seconds = 0
    microseconds = 0
    status = []
    self.blockSize = blockSize
    subHeaderBlocks = 0
    bitmapBlocks = 0
    maximumFrame = 0
    totalMemoryBlocks = 0
    deviceBlocks = 0
    writtenBlocks = 0
    currentProcessor = 0
    processorCount = 0
  }

  /// Reads a header. Nothing in it tells the byte order and the layout: the caller tries them.
  ///
  /// - Returns: nil where the signature is another one.
  /// - Throws: ``ShortRecord`` where the bytes end inside the header.
  package init?(from reader: inout ByteReader, layout: KdumpLayout) throws(ShortRecord) {
    let start = reader.position
    guard try reader.take(KdumpHeader.signature.count).elementsEqual(KdumpHeader.signature)
    else { return nil }
    version = try reader.read()
    systemName = try UTSName(from: &reader)
    try reader.align(to: layout.wordSize, from: start)
    seconds = try reader.readWord(size: layout.wordSize)
    microseconds = try reader.readWord(size: layout.wordSize)
    status = KdumpFlags(rawValue: try reader.read())
    blockSize = try reader.read()
    subHeaderBlocks = try reader.read()
    bitmapBlocks = try reader.read()
    maximumFrame = try reader.read()
    totalMemoryBlocks = try reader.read()
    deviceBlocks = try reader.read()
    writtenBlocks = try reader.read()
    currentProcessor = try reader.read()
    processorCount = try reader.read()
  }

  /// Appends the header with its signature.
  package func write(to writer: inout ByteWriter, layout: KdumpLayout) {
    let start = writer.bytes.count
    writer.write(contentsOf: KdumpHeader.signature)
    writer.write(version)
    systemName.write(to: &writer)
    writer.align(to: layout.wordSize, from: start)
    writer.writeWord(seconds, size: layout.wordSize)
    writer.writeWord(microseconds, size: layout.wordSize)
    writer.write(status.rawValue)
    writer.write(blockSize)
    writer.write(subHeaderBlocks)
    writer.write(bitmapBlocks)
    writer.write(maximumFrame)
    writer.write(totalMemoryBlocks)
    writer.write(deviceBlocks)
    writer.write(writtenBlocks)
    writer.write(currentProcessor)
    writer.write(processorCount)
  }
}
