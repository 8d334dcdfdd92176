internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// A dump of LiME, or of AVML without compression (version 1): each range of memory behind a
  /// header with its addresses.
  package static let lime = ImageFormat(
    name: "LiME", accepts: [],
    recognizes: { LiMEImage.begins($0, .plain) }, open: LiMEImage.openPlain)

  /// A dump of AVML (version 2): blocks of memory, packed with snappy.
  package static let avml = ImageFormat(
    name: "AVML", accepts: [],
    recognizes: { LiMEImage.begins($0, .packed) }, open: LiMEImage.openPacked)
}

private enum LiMEImage {
  /// Whether a file begins with a magic, in either byte order.
  static func begins(_ head: [UInt8], _ kind: LiMEHeader.Kind) -> Bool {
    head.starts(with: kind.magic) || head.starts(with: kind.magic.reversed())
  }

  static func openPlain(
    _ input: ImageInput, _: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    try open(input, .plain)
  }

  static func openPacked(
    _ input: ImageInput, _: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    try open(input, .packed)
  }

  private static func open(
    _ input: ImageInput, _ kind: LiMEHeader.Kind
  ) throws(ImageError) -> MemoryImage {
    var format = kind == .plain ? ImageFormat.lime : .avml
    var walk = LiMEWalk(input.source, format.name, kind)
    try walk.run()
    if walk.hasPacked { format = .avml }
    let source: any ByteSource =
      walk.hasPacked
      ? JoinedSource(input.source, UnpackedSource(AVMLBlocks(input.source, walk.index)))
      : input.source
    let map = PieceMap(firstWins: walk.pieces)
    var memory = PhysicalMemory(map, in: source)
    guard memory.end > 0 else {
      throw ImageError(.unusable, "\(input.name): the \(format.name) file holds no memory")
    }
    if walk.leavesOutZeros { memory = memory.fillingGaps(name: input.name) }
    return MemoryImage(
      of: input, as: format, memory: memory, layout: .ofDump, layoutIsOpen: false, stored: nil,
      warnings: walk.warnings)
  }
}

extension PhysicalMemory {
  /// The same memory with zeros between the regions.
  fileprivate func fillingGaps(name: String) -> PhysicalMemory {
    let zeros = ZeroSource(name: name, size: end)
    let gaps = zip(regions, regions.dropFirst()).compactMap { first, second in
      first.range.upperBound < second.range.lowerBound
        ? MemoryRegion(
          range: first.range.upperBound..<second.range.lowerBound, source: zeros,
          offset: first.range.upperBound) : nil
    }
    return (try? PhysicalMemory(regions: regions + gaps)) ?? self
  }
}
