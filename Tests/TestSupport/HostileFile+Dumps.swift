// Dump files of each hostile kind. `scale` is 1 for a file of nearly 1 MiB that is stored.
extension HostileFile {
  /// An ELF core with a whole table of PT_NOTEs that all name one list of notes.
  static func sharedNotes(_ scale: Double) -> HostileFile {
    let count = Int(9000 * scale)
    let list = [UInt8]((0..<Int(30_000 * scale)).flatMap { _ in note("", 0, []) })
    let table = UInt64(64 + 56 * (count + 1))
    var file = HostileFile("elf-shared-notes")
    var bytes = header(count: count + 1)
    for _ in 0..<count {
      bytes += entry(
        note: true, offset: table, physical: 0, file: UInt64(list.count),
        memory: UInt64(list.count))
    }
    bytes += entry(offset: table, physical: 0, file: 4096, memory: 4096)
    file.put(bytes + list, at: 0)
    return file
  }

  /// An ELF core whose loads all show the same bytes of the file.
  static func sameBytes(_ scale: Double) -> HostileFile {
    let count = Int(9000 * scale)
    let length = UInt64(480_000 * scale)
    let start = UInt64(64 + 56 * count)
    var file = HostileFile("elf-same-bytes")
    var bytes = header(count: count)
    for index in 0..<UInt64(count) {
      bytes += entry(
        offset: start, physical: index << 20, file: length, memory: length)
    }
    file.put(bytes + [UInt8](repeating: 0x5a, count: Int(length)), at: 0)
    return file
  }

  /// An ELF core with loads that lie far from each other and hold little.
  static func spreadLoads(_ scale: Double) -> HostileFile {
    let count = Int(12_000 * scale)
    var file = HostileFile("elf-spread-loads")
    var bytes = header(count: count)
    for index in 0..<UInt64(count) {
      bytes += entry(offset: 0, physical: index << 31, file: 64, memory: 4096)
    }
    file.put(bytes, at: 0)
    return file
  }

  /// An ELF core that promises 64 TiB and holds a page.
  static func promise(_: Double) -> HostileFile {
    var file = HostileFile("elf-promise")
    file.put(
      header(count: 1) + entry(offset: 4096, physical: 0, file: 4096, memory: 1 << 46), at: 0)
    file.put([UInt8](repeating: 1, count: 4096), at: 4096)
    return file
  }

  /// An ELF core whose load is a hole of 8 TiB.
  static func holeLoad(_: Double) -> HostileFile {
    var file = HostileFile("elf-hole-load", size: 4096 + 1 << 43)
    file.put(
      header(count: 1) + entry(offset: 4096, physical: 0, file: 1 << 43, memory: 1 << 43), at: 0)
    return file
  }

  /// An ELF core whose table of 2²⁰ program headers is a hole but for the last one.
  static func tableInHole(_: Double) -> HostileFile {
    let count: UInt64 = 1 << 20
    let table: UInt64 = 1 << 16
    var file = HostileFile("elf-table-in-hole")
    file.put(header(count: 0xffff, tableAt: table, sectionsAt: 4096), at: 0)
    file.put(number(count, 4), at: 4096 + 44)
    let data = table + count * 56
    file.put(
      entry(offset: data, physical: 0, file: 4096, memory: 4096), at: table + (count - 1) * 56)
    file.put([UInt8](repeating: 1, count: 4096), at: data)
    return file
  }

  /// An ELF core with many regions, and in it a core header with as many loads over all of them.
  static func manyRegions(_ scale: Double) -> HostileFile {
    let count = Int(8500 * scale)
    let start = UInt64(64 + 56 * (count + 1) + 4095) / 4096 * 4096
    let notes = start + UInt64(64 + 56 * (count + 1))
    var file = HostileFile("elf-many-regions")
    var outer = header(count: count + 1)
    for index in 0..<UInt64(count) {
      outer += entry(offset: 64, physical: index << 13, file: 64, memory: 64)
    }
    let base: UInt64 = 1 << 40
    let list = note("VMCOREINFO", 0, information())
    let length = notes - start + UInt64(list.count)
    outer += entry(offset: start, physical: base, file: length, memory: length)
    file.put(outer, at: 0)
    var inner = header(count: count + 1)
    inner += entry(
      note: true, offset: base + (notes - start), physical: base + (notes - start),
      file: UInt64(list.count), memory: UInt64(list.count))
    for _ in 0..<count {
      inner += entry(offset: 0, physical: 0, file: 1 << 39, memory: 1 << 39)
    }
    file.put(inner + list, at: start)
    return file
  }

  /// The head of a kdump-compressed file; its bitmaps and descriptors are put by the caller.
  private static func kdump(
    _ name: String, frames: UInt64, blockSize: UInt64 = 4096, bitmapBlocks: UInt64
  ) -> HostileFile {
    var file = HostileFile(name, size: (2 + bitmapBlocks) * blockSize)
    var head = Array("KDUMP   ".utf8) + number(6, 4)
    for text in ["Linux", "node", "6.1.0", "#1", "x86_64", "domain"] {
      head += Array(text.utf8) + [UInt8](repeating: 0, count: 65 - text.utf8.count)
    }
    head += [UInt8](repeating: 0, count: (8 - head.count % 8) % 8)
    head += number(1_700_000_000, 8) + number(0, 8)
    for value in [1, blockSize, 1, bitmapBlocks, min(frames, 0xffff_ffff), 0, 0, 0, 0, 1] {
      head += number(value, 4)
    }
    file.put(head, at: 0)
    var sub = [UInt8](repeating: 0, count: 104)
    sub.replaceSubrange(96..<104, with: number(frames, 8))
    file.put(sub, at: blockSize)
    return file
  }

  /// A kdump-compressed file in which every other frame exists and was lost.
  static func singleFrames(_ scale: Double) -> HostileFile {
    let bitmap = Int(500_000 * scale) / 4096 * 4096
    var file = kdump(
      "kdump-single-frames", frames: UInt64(bitmap * 8), bitmapBlocks: UInt64(2 * bitmap / 4096))
    file.put([UInt8](repeating: 0x55, count: bitmap), at: 8192)
    file.put([UInt8](repeating: 0xff, count: bitmap), at: 8192 + UInt64(bitmap))
    return file
  }

  /// The same with as many frames as are taken, each with a descriptor of a lost page.
  static func lostFrames(_ scale: Double) -> HostileFile {
    let frames = Int(40_000 * scale)
    let bitmap = (2 * frames / 8 + 4095) / 4096 * 4096
    var file = kdump(
      "kdump-lost-frames", frames: UInt64(2 * frames), bitmapBlocks: UInt64(2 * bitmap / 4096))
    let bits = [UInt8](repeating: 0x55, count: 2 * frames / 8)
    file.put(bits, at: 8192)
    file.put(bits, at: 8192 + UInt64(bitmap))
    let descriptor = number(0, 8) + number(1, 4) + number(1, 4) + number(0, 8)
    file.put(
      [UInt8]((0..<frames).flatMap { _ in descriptor }), at: 8192 + UInt64(2 * bitmap))
    return file
  }

  /// A kdump-compressed file of 2⁴⁴ frames of which some hundred exist, far from each other.
  static func sparseFrames(_ scale: Double) -> HostileFile {
    let frames: UInt64 = 1 << 44
    let bitmap = frames / 8
    let count = UInt64(110 * scale)
    var file = kdump(
      "kdump-sparse-frames", frames: frames, bitmapBlocks: 2 * bitmap / 4096)
    let table = 8192 + 2 * bitmap
    let pages = table + count * 24
    for index in 0..<count {
      let place = index * (bitmap / count) / 4096 * 4096
      file.put([1], at: 8192 + place)
      file.put([1], at: 8192 + bitmap + place)
      file.put(number(pages, 8) + number(4096, 4) + number(0, 4), at: table + index * 24)
    }
    file.put([UInt8](repeating: 7, count: 4096), at: pages)
    return file
  }

  /// A kdump-compressed file in which all frames name one packed page.
  static func onePage(_ scale: Double, blockSize: UInt64 = 262_144) -> HostileFile {
    let count = UInt64(38_000 * scale)
    var file = kdump(
      "kdump-one-page", frames: count, blockSize: blockSize, bitmapBlocks: 2)
    let bits = [UInt8](repeating: 0xff, count: Int(count / 8))
    file.put(bits, at: 2 * blockSize)
    file.put(bits, at: 3 * blockSize)
    let table = 4 * blockSize
    let packed = KdumpFileModel.deflated([UInt8](repeating: 0x6b, count: Int(blockSize)))
    let descriptor =
      number(table + count * 24, 8) + number(UInt64(packed.count), 4) + number(1, 4) + number(0, 8)
    file.put([UInt8]((0..<count).flatMap { _ in descriptor }) + packed, at: table)
    return file
  }

  /// A flattened file: records in any order, of which each has one byte.
  static func records(_ scale: Double) -> HostileFile {
    let count = Int(58_000 * scale)
    let core =
      header(count: 1)
      + entry(offset: 4096, physical: 0, file: UInt64(count) << 12, memory: UInt64(count) << 12)
    let order = RecipeOrder.big
    var bytes = Array("makedumpfile\0\0\0\0".utf8) + order.bytes(1, width: 8)
    bytes += order.bytes(1, width: 8)
    bytes += [UInt8](repeating: 0, count: 4096 - bytes.count)
    bytes += order.bytes(0, width: 8) + order.bytes(UInt64(core.count), width: 8) + core
    for index in (1...UInt64(count)).reversed() {
      bytes += order.bytes(index << 12, width: 8) + order.bytes(1, width: 8) + [1]
    }
    var file = HostileFile("flattened-records")
    file.put(bytes + [UInt8](repeating: 0xff, count: 16), at: 0)
    return file
  }

  /// A flattened file that goes on with a hole: records of no bytes.
  static func emptyRecords(_: Double) -> HostileFile {
    let order = RecipeOrder.big
    var file = HostileFile("flattened-empty-records", size: 1 << 40)
    file.put(
      Array("makedumpfile\0\0\0\0".utf8) + order.bytes(1, width: 8) + order.bytes(1, width: 8),
      at: 0)
    return file
  }
}
