internal import Bytes
internal import DumpRecords

/// What a pass over memory looks for: a word that stands in every record of a kind, and what tells
/// the record from other places with that word.
package struct ScanPattern: Sendable {
  /// Tells it from the others of a scan.
  package let name: String
  /// The word as it lies in memory, read in this machine's byte order.
  package let word: UInt32
  /// Where in the record the word stands, in bytes.
  package let offset: UInt64
  /// Records begin at multiples of this many bytes: a power of two, and at least 4.
  package let step: UInt64
  /// Whether the bytes from the word on, up to ``MemoryScan/headSize``, can be those of a record.
  package let isPlausible: @Sendable (_ head: [UInt8]) -> Bool

  /// A pattern from its parts.
  package init(
    _ name: String, word: UInt32, at offset: UInt64 = 0, step: UInt64,
    isPlausible: @escaping @Sendable (_ head: [UInt8]) -> Bool
  ) {
    self.name = name
    self.word = word
    self.offset = offset
    self.step = step
    self.isPlausible = isPlausible
  }

  /// All that may tell where a core header is, and how an image lies in memory.
  package static let all: [ScanPattern] = [
    .coreHeader, .deviceTree, .bootParameters, .vmCoreInfoNote, .memoryMap,
  ]

  /// ELF core headers that a second kernel could take.
  package static let coreHeader = ScanPattern(
    "core header", word: UInt32(littleEndian: 0x464c_457f), step: 1024,
    isPlausible: isCoreHeader)

  /// Flattened device trees.
  package static let deviceTree = ScanPattern(
    "device tree", word: UInt32(bigEndian: DeviceTreeHeader.magic), step: 8
  ) { head in
    head.count >= DeviceTreeHeader.size
      && DeviceTreeHeader(Array(head.prefix(DeviceTreeHeader.size))) != nil
  }

  /// x86 zero pages.
  package static let bootParameters = ScanPattern(
    "zero page", word: UInt32(littleEndian: BootParameters.signature),
    at: UInt64(BootParameters.signatureOffset), step: 4096
  ) { _ in true }

  /// VMCOREINFO notes, by their names and the start of their text.
  package static let vmCoreInfoNote = ScanPattern(
    "VMCOREINFO note", word: UInt32(littleEndian: 0x4f43_4d56),  // "VMCO"
    at: UInt64(NoteHeader.size), step: 4
  ) { head in head.starts(with: "VMCOREINFO\0\0OSRELEASE=".utf8) }

  /// x86 memory maps (e820), by the entry of the RAM from 1 MiB on.
  package static let memoryMap = ScanPattern(
    "memory map", word: UInt32(littleEndian: MemoryMapTable.anchor), step: 4
  ) { head in
    let reader = ByteReader(head, order: .little)
    guard (try? reader.peek(at: 4, UInt32.self)) == 0,
      let length = try? reader.peek(at: 8, UInt64.self),
      let type = try? reader.peek(at: 16, UInt32.self)
    else { return false }
    return type == 1 && length > 0 && length <= PhysicalAddress.end
  }
  /// What tells of a firmware-assisted dump, in either byte order. Few machines have it, so it is
  /// looked for by a pass of its own.
  package static let fadump: [ScanPattern] =
    [
      ScanPattern(
        "fadump, big-endian", word: UInt32(bigEndian: FadumpCrashInfo.magicStart), step: 8
      ) { head in FadumpCrashInfo(head, .big) != nil }
    ]
    + FadumpCrashInfo.magicEnds.map { end in
      ScanPattern("fadump, little-endian, \(end)", word: UInt32(littleEndian: end), step: 8) {
        head in FadumpCrashInfo(head, .little) != nil
      }
    }

  /// Whether kexec-tools or a kernel could have written a header: what the second kernel checks,
  /// and what both producers always leave as it is.
  private static func isCoreHeader(_ head: [UInt8]) -> Bool {
    guard let header = try? ELFHeader(head), header.refusal == nil else { return false }
    return header.programHeaderOffset == UInt64(header.headerSize)
      && header.sectionHeaderOffset == 0 && header.sectionHeaderCount == 0
      && header.sectionHeaderEntrySize == 0 && header.sectionNameIndex == 0
      && header.identification[9...].allSatisfy { $0 == 0 }
  }
}

extension FadumpCrashInfo {
  /// The structure at the start of some bytes.
  init?(_ bytes: [UInt8], _ order: ByteOrder) {
    var reader = ByteReader(bytes, order: order)
    self.init(from: &reader)
  }
}
