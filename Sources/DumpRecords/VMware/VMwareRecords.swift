package import Bytes

/// The head of a VMware state file (.vmss, .vmsn), little-endian. Sources: crash `vmware_vmss.h`,
/// volatility3 `vmware.py`.
package struct VMwareHeader: Equatable, Sendable {
  package var id: UInt32  // id, one of a few marks
  package var version: UInt32  // version
  package var groupCount: UInt32  // numgroups

  /// Bytes of the head; the groups follow it.
  package static let size = 12
  /// The byte order of everything in such a file.
  package static let order = ByteOrder.little
  /// What ``id`` can be.
  package static let ids: [UInt32] = [
    0xbed0_bed0, 0xbed2_bed2, 0xbed3_bed3, 0xbad1_bad1, 0xbad2_bad2, 0xbed2_bed0,
  ]

  /// Bytes of the sizes of a block.
  package var blockWordSize: Int { id == VMwareHeader.ids[0] ? 4 : 8 }

  /// A head from its fields.
  package init(id: UInt32, version: UInt32, groupCount: UInt32) {
    self.id = id
    self.version = version
    self.groupCount = groupCount
  }

  /// Reads a head.
  ///
  /// - Returns: nil where the mark is another one.
  package init?(from reader: inout ByteReader) throws(ShortRecord) {
    id = try reader.read()
    version = try reader.read()
    groupCount = try reader.read()
    guard VMwareHeader.ids.contains(id) else { return nil }
  }

  /// Appends the head.
  package func write(to writer: inout ByteWriter) {
    writer.write(id)
    writer.write(version)
    writer.write(groupCount)
  }
}

/// One group of a state file: `struct cptgroupdesc`.
package struct VMwareGroup: Equatable, Sendable {
  package var name: String  // name, NUL padded to 64 bytes
  package var position: UInt64  // position, of its tags in the file
  package var length: UInt64  // size

  /// Bytes of the structure.
  package static let size = 80
  private static let nameSize = 64

  /// A group from its fields.
  package init(name: String, position: UInt64, length: UInt64) {
    self.name = name
    self.position = position
    self.length = length
  }

  /// Reads one group.
  package init(from reader: inout ByteReader) throws(ShortRecord) {
    let text = try reader.take(VMwareGroup.nameSize).prefix { $0 != 0 }
    name = String(decoding: text, as: UTF8.self)
    position = try reader.read()
    length = try reader.read()
  }

  /// Appends one group.
  package func write(to writer: inout ByteWriter) {
    let text = name.utf8.prefix(VMwareGroup.nameSize)
    writer.write(contentsOf: text)
    writer.write(contentsOf: repeatElement(0, count: VMwareGroup.nameSize - text.count))
    writer.write(position)
    writer.write(length)
  }
}

/// The word before each value of a group: how long its name is, how many indices it has, and how
/// many bytes. A word of 0 ends the group.
package struct VMwareTag: Equatable, Sendable {
  package var nameSize: Int  // bits 15 to 8
  package var indexCount: Int  // bits 7 and 6
  package var valueSize: Int  // bits 5 to 0

  /// A value whose size stands before it.
  package static let block = 0x3f
  /// The same, packed.
  package static let packedBlock = 0x3e

  /// A word from its fields.
  package init(nameSize: Int, indexCount: Int, valueSize: Int) {
    self.nameSize = nameSize
    self.indexCount = indexCount
    self.valueSize = valueSize
  }

  /// The fields of a word.
  package init(_ word: UInt16) {
    nameSize = Int(word >> 8)
    indexCount = Int(word >> 6) & 3
    valueSize = Int(word) & 0x3f
  }

  /// The word.
  package var word: UInt16 {
    UInt16(truncatingIfNeeded: nameSize << 8 | (indexCount & 3) << 6 | valueSize & 0x3f)
  }
}
