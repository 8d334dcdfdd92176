import Foundation

/// A kdump-compressed file read as its specification says, by code that shares nothing with the
/// product's: what it holds, page by page.
package struct KdumpModel: Sendable, Equatable {
  package var order: RecipeOrder
  /// Size of a word: 4 or 8.
  package var wordSize: Int
  package var pageSize = 0
  package var status: UInt64 = 0
  package var machine = ""
  package var release = ""
  /// The six texts of the header.
  package var names: [String] = []
  package var processors: UInt64 = 0
  package var physicalBase: UInt64 = 0
  package var split: UInt64 = 0
  package var firstFrame: UInt64 = 0
  package var endFrame: UInt64 = 0
  package var maximumFrame: UInt64 = 0
  /// The bytes of the note area, and of the vmcoreinfo text in it.
  package var notes: [UInt8] = []
  package var information: [UInt8] = []
  /// Bits of the two bitmaps.
  package var existing: Set<UInt64> = []
  package var stored: Set<UInt64> = []
  /// The pages that this file has.
  package var pages: [UInt64: [UInt8]] = [:]
  /// Offsets of the raw pages of zeros.
  package var zeroPageOffsets: Set<UInt64> = []

  /// Reads a file; nil where something in it is not as it should be.
  package init?(_ file: [UInt8]) {
    guard file.starts(with: Array("KDUMP   ".utf8)), file.count > 8192 else { return nil }
    order = file[8] == 6 ? .little : .big
    wordSize = 8
    let order = order
    func number(_ offset: Int, _ width: Int) -> UInt64 {
      let bytes = file[offset..<offset + width]
      return (order == .little ? Array(bytes.reversed()) : Array(bytes)).reduce(0) {
        $0 << 8 | UInt64($1)
      }
    }
    guard number(8, 4) == 6 else { return nil }
    if number(0x1ac, 4) < 4096 || number(0x1ac, 4) % 4096 != 0 { wordSize = 4 }
    let fields = wordSize == 8 ? 0x1a8 : 412
    status = number(fields, 4)
    pageSize = Int(number(fields + 4, 4))
    guard pageSize >= 4096 else { return nil }
    let subHeaderBlocks = Int(number(fields + 8, 4))
    let bitmapBlocks = Int(number(fields + 12, 4))
    processors = number(fields + 36, 4)
    func text(_ index: Int) -> String {
      let start = 12 + 65 * index
      return String(decoding: file[start..<start + 65].prefix { $0 != 0 }, as: UTF8.self)
    }
    release = text(2)
    names = (0..<6).map(text)
    machine = text(4)
    let offsets = Self.offsets(wordSize, machine)
    let sub = pageSize
    physicalBase = number(sub, wordSize)
    split = number(sub + offsets[2], 4)
    let info = (number(sub + offsets[5], 8), number(sub + offsets[6], wordSize))
    let note = (number(sub + offsets[7], 8), number(sub + offsets[8], wordSize))
    firstFrame = number(sub + offsets[11], 8)
    endFrame = number(sub + offsets[12], 8)
    maximumFrame = number(sub + offsets[13], 8)
    notes = Array(file[Int(note.0)..<Int(note.0 + note.1)])
    information = Array(file[Int(info.0)..<Int(info.0 + info.1)])
    let bitmap = (1 + subHeaderBlocks) * pageSize
    let size = bitmapBlocks / 2 * pageSize
    guard size * 8 >= Int(maximumFrame) else { return nil }
    existing = Self.bits(file[bitmap..<bitmap + size])
    stored = Self.bits(file[bitmap + size..<bitmap + 2 * size])
    var place = bitmap + 2 * size
    for frame in stored.sorted() {
      if split == 1, frame < firstFrame || frame >= endFrame { continue }
      let offset = Int(number(place, 8))
      let length = Int(number(place + 8, 4))
      let flags = number(place + 12, 4)
      guard number(place + 16, 8) == 0, offset + length <= file.count,
        let page = Self.page(file[offset..<offset + length], flags, pageSize)
      else { return nil }
      if flags == 0, page.allSatisfy({ $0 == 0 }) { zeroPageOffsets.insert(UInt64(offset)) }
      if flags == 1, length >= pageSize { return nil }
      pages[frame] = page
      place += 24
    }
  }

  private static func offsets(_ wordSize: Int, _ machine: String) -> [Int] {
    if wordSize == 8 { return [0, 8, 12, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96] }
    return machine.hasPrefix("i")
      ? [0, 4, 8, 12, 16, 20, 28, 32, 40, 44, 52, 56, 64, 72]
      : [0, 4, 8, 12, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88]
  }

  private static func bits(_ bytes: ArraySlice<UInt8>) -> Set<UInt64> {
    var bits: Set<UInt64> = []
    for (index, byte) in bytes.enumerated() where byte != 0 {
      for bit in 0..<8 where byte >> bit & 1 == 1 { bits.insert(UInt64(index * 8 + bit)) }
    }
    return bits
  }

  private static func page(_ data: ArraySlice<UInt8>, _ flags: UInt64, _ size: Int) -> [UInt8]? {
    if flags == 0 { return data.count == size ? Array(data) : nil }
    guard flags == 1 else { return nil }
    return inflated(Array(data), size: size)
  }

  /// zlib's own function, found when it is needed: its header and Foundation cannot be imported
  /// together, as they disagree on what `_GNU_SOURCE` makes of `fd_set`.
  private static func inflated(_ packed: [UInt8], size: Int) -> [UInt8]? {
    typealias Uncompress =
      @convention(c) (
        UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt>, UnsafePointer<UInt8>, UInt
      ) -> Int32
    guard let library = dlopen("libz.so.1", RTLD_NOW), let symbol = dlsym(library, "uncompress")
    else { return nil }
    let uncompress = unsafeBitCast(symbol, to: Uncompress.self)
    var page = [UInt8](repeating: 0, count: size)
    var length = UInt(size)
    let result = uncompress(&page, &length, packed, UInt(packed.count))
    return result == 0 && length == UInt(size) ? page : nil
  }
}
