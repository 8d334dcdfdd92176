/// A LiME file, or one of AVML, put together from its ranges as both projects' documents say.
package struct LiMEFileModel: Sendable {
  /// How AVML packs.
  package enum Form: Sendable {
    /// LiME, and AVML without compression.
    case plain
    /// AVML's version 2: snappy's framed format.
    case packed
    /// Blocks of both kinds in turn.
    case mixed
  }

  package var form = Form.plain
  /// The byte order of the machine in which LiME runs.
  package var order = RecipeOrder.little
  /// Ranges of memory by their first address, in the order of the file.
  package var ranges: [(start: UInt64, bytes: [UInt8])] = []
  /// Whether ranges are cut into blocks of at most this many bytes, of which those of zeros are left
  /// out.
  package var blockSize: Int?

  /// A file of some ranges.
  package init(_ form: Form, _ ranges: [(start: UInt64, bytes: [UInt8])], blockSize: Int? = nil) {
    self.form = form
    self.ranges = ranges
    self.blockSize = blockSize
  }

  /// The file of an image's memory, as a program in the machine would have written it.
  package init(_ form: Form, of image: BuiltImage, blockSize: Int? = nil) {
    self.init(
      form,
      image.extents.map { extent in
        let range = extent.range
        return (range.lowerBound, image.memory.read(range.lowerBound, range.count))
      }, blockSize: blockSize)
  }

  /// The whole file.
  package var bytes: [UInt8] {
    blocks.enumerated().flatMap { number, block in
      header(block, number) + content(block.bytes, number)
    }
  }

  private func isPacked(_ number: Int) -> Bool {
    form == .packed || form == .mixed && number % 2 == 1
  }

  /// Where the header of each block stands.
  package var headerOffsets: [Int] {
    var place = 0
    return blocks.enumerated().map { number, block in
      defer { place += 32 + content(block.bytes, number).count }
      return place
    }
  }

  /// Where the ranges of a small file end.
  package static func ends(of file: [UInt8]) -> Set<Int> {
    let magics = ["EMiL", "AVML"].map { Array($0.utf8) }
    return Set(
      (4..<file.count).filter { magics.contains(Array(file[$0..<min($0 + 4, file.count)])) })
  }

  private var blocks: [(start: UInt64, bytes: [UInt8])] {
    guard let blockSize else { return ranges }
    return ranges.flatMap { start, bytes in
      stride(from: 0, to: bytes.count, by: blockSize).compactMap { place in
        let block = Array(bytes[place..<min(place + blockSize, bytes.count)])
        return block.allSatisfy { $0 == 0 } ? nil : (start + UInt64(place), block)
      }
    }
  }

  private func header(_ block: (start: UInt64, bytes: [UInt8]), _ number: Int) -> [UInt8] {
    var record = FieldBytes(order)
    record.add("magic", isPacked(number) ? 0x4c4d_5641 : 0x4c69_4d45, width: 4)
    record.add("version", isPacked(number) ? 2 : 1, width: 4)
    record.add("s_addr", block.start, width: 8)
    record.add("e_addr", block.start + UInt64(block.bytes.count) - 1, width: 8)
    record.add("reserved", 0, width: 8)
    return record.bytes
  }

  private func content(_ bytes: [UInt8], _ number: Int) -> [UInt8] {
    guard isPacked(number) else { return bytes }
    let stream = SnappyModel.framed(bytes)
    return stream + RecipeOrder.little.bytes(UInt64(stream.count), width: 8)
  }
}
