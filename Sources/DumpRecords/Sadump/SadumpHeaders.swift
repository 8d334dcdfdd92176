package import Bytes

/// The head of a partition that Fujitsu's firmware wrote a dump to, little-endian: what of `struct
/// sadump_part_header` is needed. Sources: crash `sadump.h`, makedumpfile `sadump_mod.h`.
package struct SadumpPartition: Equatable, Sendable {
  package var systemID: [UInt8]  // sadump_id, 16 bytes
  package var setID: [UInt8]  // disk_set_id, 16 bytes
  package var volumeID: [UInt8]  // vol_id, 16 bytes
  package var diskNumber: UInt32  // set_disk_set: 0 single, else the number in the set
  package var usedSize: UInt64  // used_device, bytes from this head on
  package var checkWord: UInt32  // magicnum[0]

  /// `sadump`, padded with two NULs, which also begins the dump header.
  package static let signature = Array("sadump\0\0".utf8)
  /// The byte order of everything.
  package static let order = ByteOrder.little
  /// Bytes that it takes; all behind the fields are words that follow from one another.
  package static let size = 4096
  private static let fields = 0x58
  private static let wordCount = 982

  /// A head from its fields.
  package init(
    systemID: [UInt8], setID: [UInt8], volumeID: [UInt8], diskNumber: UInt32, usedSize: UInt64,
    checkWord: UInt32
  ) {
    self.systemID = systemID
    self.setID = setID
    self.volumeID = volumeID
    self.diskNumber = diskNumber
    self.usedSize = usedSize
    self.checkWord = checkWord
  }

  /// The next of the words that prove a head: (the one before + 7) × 11.
  private static func word(behind word: UInt32) -> UInt32 { (word &+ 7) &* 11 }

  /// Reads a head.
  ///
  /// - Returns: nil where the signature or a word is another one.
  package init?(from reader: inout ByteReader) throws(ShortRecord) {
    guard try reader.take(8).elementsEqual(SadumpPartition.signature) else { return nil }
    try reader.skip(SadumpPartition.fields - 8)
    systemID = Array(try reader.take(16))
    setID = Array(try reader.take(16))
    volumeID = Array(try reader.take(16))
    try reader.skip(16)
    diskNumber = try reader.read()
    try reader.skip(4)
    usedSize = try reader.read()
    checkWord = try reader.read()
    var expected = checkWord
    for _ in 1..<SadumpPartition.wordCount {
      expected = SadumpPartition.word(behind: expected)
      guard try reader.read(UInt32.self) == expected else { return nil }
    }
  }

  /// Appends the whole head.
  package func write(to writer: inout ByteWriter) {
    let start = writer.bytes.count
    writer.write(contentsOf: SadumpPartition.signature)
    writer.pad(to: start + SadumpPartition.fields)
    writer.write(contentsOf: systemID + setID + volumeID)
    writer.pad(to: writer.bytes.count + 16)
    writer.write(diskNumber)
    writer.write(UInt32(0))
    writer.write(usedSize)
    var word = checkWord
    for _ in 0..<SadumpPartition.wordCount {
      writer.write(word)
      word = SadumpPartition.word(behind: word)
    }
  }
}

/// The dump header behind it: what of `struct sadump_header` is needed.
package struct SadumpHeader: Equatable, Sendable {
  package var version: UInt32  // header_version
  package var blockSize: UInt32  // block_size
  package var extraBlocks: UInt32  // extra_hdr_size
  package var subHeaderBlocks: UInt32  // sub_hdr_size
  package var bitmapBlocks: UInt32  // bitmap_blocks
  package var dumpedBitmapBlocks: UInt32  // dumpable_bitmap_blocks
  package var frames: UInt64  // max_mapnr, max_mapnr_64

  /// Bytes of the structure.
  package static let size = 120
  private static let blockSizeOffset = 0x28

  /// A header from its fields.
  package init(
    version: UInt32, blockSize: UInt32, extraBlocks: UInt32, subHeaderBlocks: UInt32,
    bitmapBlocks: UInt32, dumpedBitmapBlocks: UInt32, frames: UInt64
  ) {
    self.version = version
    self.blockSize = blockSize
    self.extraBlocks = extraBlocks
    self.subHeaderBlocks = subHeaderBlocks
    self.bitmapBlocks = bitmapBlocks
    self.dumpedBitmapBlocks = dumpedBitmapBlocks
    self.frames = frames
  }

  /// Reads a header.
  ///
  /// - Returns: nil where the signature is another one.
  package init?(from reader: inout ByteReader) throws(ShortRecord) {
    guard try reader.take(8).elementsEqual(SadumpPartition.signature) else { return nil }
    version = try reader.read()
    try reader.skip(SadumpHeader.blockSizeOffset - 12)
    blockSize = try reader.read()
    extraBlocks = try reader.read()
    subHeaderBlocks = try reader.read()
    bitmapBlocks = try reader.read()
    dumpedBitmapBlocks = try reader.read()
    let frames32 = try reader.read(UInt32.self)
    try reader.skip(0x58 - 0x40)
    let frames64 = try reader.read(UInt64.self)
    try reader.skip(SadumpHeader.size - 0x60)
    frames = version >= 1 ? frames64 : UInt64(frames32)
  }

  /// Appends the header.
  package func write(to writer: inout ByteWriter) {
    let start = writer.bytes.count
    writer.write(contentsOf: SadumpPartition.signature)
    writer.write(version)
    writer.pad(to: start + SadumpHeader.blockSizeOffset)
    for field in [blockSize, extraBlocks, subHeaderBlocks, bitmapBlocks, dumpedBitmapBlocks] {
      writer.write(field)
    }
    writer.write(UInt32(clamping: frames))
    writer.pad(to: start + 0x58)
    writer.write(version >= 1 ? frames : 0)
    writer.pad(to: start + SadumpHeader.size)
  }
}
