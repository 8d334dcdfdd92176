import Foundation
import Testing

/// Images made to keep a program busy: full of heads that look like what is searched for.
enum HostileImage: String, CaseIterable, CustomTestStringConvertible {
  case soundHeads, soundHeadsWithBackup, soundAndMergedHeads, emptyHeads
  case treeHeads, noteHeads, zeroPages
  case loadsOfOneHeader, loadsAndNotes, hugeNotes, tinyNotes, vastBackup, purgatoryNames,
    treesAndHeads, loadsBeyondAnyFile

  var testDescription: String { rawValue }

  private static let mebibyte = 1 << 20
  private static let step = 1024

  /// The bytes of the image, 8 MiB.
  var bytes: [UInt8] {
    var image = Bytes(size: 8 * HostileImage.mebibyte)
    switch self {
    case .soundHeads: image.addHeads(from: 0) { [.notes, .load(0x40_0000, $0 % 2 == 0 ? 1 : 2)] }
    case .soundHeadsWithBackup:
      image.addHeads(from: 0) {
        [.notes, .load(0x40_0000), .moved(from: 0x90_0000 + 0x1000 * $0, to: 0x60_0000)]
      }
    case .soundAndMergedHeads:
      image.addHeads(from: 0) {
        $0 % 2 == 0
          ? [.notes, .load(0x40_0000)] + (0..<8).map { .load(0x40_0000 + 0x1000 * $0) }
          : [.merged, .load(0x40_0000)] + (0..<7).map { .load(0x40_0000 + 0x1000 * $0) }
            + [.load(0x50_0000)]
      }
    case .emptyHeads: image.addHeads(from: 0) { _ in [.null] }
    case .treeHeads:
      let head: [UInt32] = [0xd00d_feed, 0x20_0000, 40, 64, 40, 17, 16, 0, 0, 0]
      let words = head.map(\.bigEndian) + [UInt32](repeating: UInt32(4).bigEndian, count: 6)
      image.fill(with: words.flatMap { $0.bytes })
    case .noteHeads:
      image.fill(with: HostileImage.vmCoreInfo(size: 1500).prefix(64).map { $0 })
      image.addHeads(from: 0x1000, to: 0x20_0000) {
        [.note(0x40_0010 + $0 * 8, size: 4096), .load(0x40_0000)]
      }
    case .zeroPages:
      for page in stride(from: 0, to: image.bytes.count, by: 4096) {
        image.put(UInt16(0xaa55).bytes + [0, 0] + Array("HdrS".utf8), at: page + 0x1fe)
        image.put(UInt32(page % 65_536 + 0x800).bytes, at: page + 0x228)
        image.put(UInt32.max.bytes, at: page + 0x238)
        image.put(
          Array(String(repeating: "elfcorehdr=4K ", count: 120).utf8), at: page + 0x800)
      }
    case .loadsOfOneHeader:
      image.put(
        .header([.notes] + [Entry](repeating: .load(0x40_0000), count: 65_534)), at: 0)
    case .loadsAndNotes:
      image.put(
        .header(
          [.notes] + [Entry](repeating: .note(0x50_0000, size: 64), count: 30_000)
            + (0..<35_534).map { .load(0x40_0000 + ($0 * 4096) % 0x40_0000) }), at: 0)
    case .hugeNotes:
      image.put(
        .header(
          [.notes, .load(0x40_0000, 1)]
            + [Entry](repeating: .load(0x50_0000), count: 30_000)
            + [Entry](repeating: .note(0x60_0000, size: 16 << 20), count: 30_000)), at: 0)
    case .tinyNotes:
      image.fill(with: UInt32(1).bytes + UInt32(0).bytes + UInt32(1).bytes + [65, 0, 0, 0])
      image.put(
        .header(
          [.notes] + [Entry](repeating: .note(0x20_0000, size: 6 << 20), count: 5)
            + [.load(0x10_0000)]), at: 0)
    case .vastBackup:
      image.put(
        .header([
          .notes, .load(0x40_0000), .moved(from: 1 << 52, to: 1 << 51, size: 1 << 50),
        ]), at: 0)
    case .purgatoryNames:
      image.fill(with: UInt64(0x1000).bytes)
      image.addHeads(from: 0x1000, to: 0x8000) { [.notes, .load(0x40_0000, $0 + 1)] }
    case .treesAndHeads:
      for place in stride(from: 0x60_0000, to: 0x80_0000, by: 4096) {
        image.put(HostileImage.tree, at: place)
      }
      image.addHeads(from: 0) { _ in [.notes, .load(0x40_0000)] }
    case .loadsBeyondAnyFile:
      let load = Entry.moved(from: 0x40_0000, to: 0x40_0000, size: 1 << 55)
      image.put(.header([.notes] + [Entry](repeating: load, count: 300)), at: 0)
    }
    image.put(HostileImage.vmCoreInfo(size: 900), at: 0x40_0000)
    return image.bytes
  }

  /// A VMCOREINFO note.
  private static func vmCoreInfo(size: Int) -> [UInt8] {
    UInt32(11).bytes + UInt32(size).bytes + UInt32(0).bytes
      + Array("VMCOREINFO\0\0OSRELEASE=6.1.0\nPAGESIZE=4096\n".utf8)
  }

  /// A device tree that names a header far away.
  private static let tree: [UInt8] = {
    let strings = Array("linux,elfcorehdr\0#address-cells\0#size-cells\0".utf8)
    var words: [UInt32] = [1, 0, 3, 4, 17, 2, 3, 4, 32, 2, 1]
    words += [0x6368_6f73, 0x656e_0000, 3, 16, 0, 0, 0x1234_5678, 0, 4096, 2, 2, 9]
    let structure = words.flatMap { $0.bigEndian.bytes }
    let total = 40 + structure.count + strings.count
    let head = [0xd00d_feed, total, 40, 40 + structure.count, 40, 17, 16, 0, 0, 0]
    return head.flatMap { UInt32($0).bigEndian.bytes } + structure + strings
  }()

  /// One program header, encoded.
  fileprivate struct Entry {
    let bytes: [UInt8]

    init(_ type: UInt32, offset: Int, physical: Int, size: Int, virtual: Int = 0) {
      bytes =
        type.bytes + UInt32(0).bytes
        + [offset, virtual, physical, size, size, 0].flatMap { UInt64($0).bytes }
    }

    static let null = Entry(0, offset: 0, physical: 0, size: 0)
    static let notes = Entry.note(0x40_0000, size: 1024)
    static let merged = Entry(4, offset: 4096, physical: 0, size: 1024)
    static func note(_ address: Int, size: Int) -> Entry {
      Entry(4, offset: address, physical: address, size: size)
    }
    static func load(_ address: Int, _ virtual: Int = 0) -> Entry {
      Entry(
        1, offset: address, physical: address, size: 0x80_0000 - address, virtual: virtual)
    }
    static func moved(from physical: Int, to offset: Int, size: Int = 0x20_0000) -> Entry {
      Entry(1, offset: offset, physical: physical, size: size)
    }
  }

  /// The image while it is made.
  fileprivate struct Bytes {
    var bytes: [UInt8]

    init(size: Int) { bytes = [UInt8](repeating: 0, count: size) }

    mutating func put(_ other: [UInt8], at offset: Int) {
      let count = min(other.count, bytes.count - offset)
      bytes.withUnsafeMutableBytes { target in
        other.withUnsafeBytes { source in
          UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + count])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
        }
      }
    }

    mutating func fill(with pattern: [UInt8]) {
      for offset in stride(from: 0, to: 65_536, by: pattern.count) { put(pattern, at: offset) }
      let block = Array(bytes[..<(65_536 / pattern.count * pattern.count)])
      for offset in stride(from: 0, to: bytes.count, by: block.count) { put(block, at: offset) }
    }

    /// A header at every step, the loads of all behind 4 MiB.
    mutating func addHeads(from start: Int, to end: Int = 0x40_0000, _ table: (Int) -> [Entry]) {
      for (index, place) in stride(from: start, to: end, by: step).enumerated() {
        put(.header(table(index)), at: place)
      }
    }
  }
}

extension [UInt8] {
  /// An ELF core header of class 64, little-endian, for x86_64.
  fileprivate static func header(_ table: [HostileImage.Entry]) -> [UInt8] {
    var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    bytes += UInt16(4).bytes + UInt16(62).bytes + UInt32(1).bytes
    bytes += UInt64(0).bytes + UInt64(64).bytes + UInt64(0).bytes + UInt32(0).bytes
    bytes += UInt16(64).bytes + UInt16(56).bytes + UInt16(table.count).bytes
    bytes += [UInt8](repeating: 0, count: 6)
    return bytes + table.map(\.bytes).joined()
  }
}

extension FixedWidthInteger {
  /// The bytes in the host's order.
  var bytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}
