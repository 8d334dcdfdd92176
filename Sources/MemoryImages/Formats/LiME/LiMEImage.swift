internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// A dump of LiME, or of AVML without compression (version 1): each range of memory behind a
  /// header with its addresses.
  package static let lime = ImageFormat(
    name: "LiME", accepts: [],
    recognizes: { LiMEImage.order(of: $0, .plain) != nil }, open: LiMEImage.openPlain)

  /// A dump of AVML (version 2): blocks of memory, packed with snappy.
  package static let avml = ImageFormat(
    name: "AVML", accepts: [],
    recognizes: { LiMEImage.order(of: $0, .packed) != nil }, open: LiMEImage.openPacked)
}

private enum LiMEImage {
  /// The byte order in which a file begins with the magic.
  static func order(of head: [UInt8], _ kind: LiMEHeader.Kind) -> ByteOrder? {
    [.little, .big].first { order in kind.magic(order).map { head.starts(with: $0) } ?? false }
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
    let order = LiMEImage.order(of: try input.head(), kind) ?? LiMEHeader.order
    var walk = LiMEWalk(input.source, format.name, kind, order, input.budget)
    try walk.run()
    if walk.hasPacked { format = .avml }
    let damage = PageDamage(
      of: input.name, pageSize: AVMLLosses.pageSize, told: walk.lostPages)
    let blocks = walk.pieces.filter { $0.position >= input.source.size }
      .map { PieceMap.Piece(range: $0.range, position: $0.position - input.source.size) }
    let source: any ByteSource =
      walk.hasPacked
      ? JoinedSource(
        input.source,
        UnpackedSource(AVMLBlocks(input.source, walk.index, AVMLLosses(blocks, damage))))
      : input.source
    let map = PieceMap(firstWins: walk.pieces)
    var memory = PhysicalMemory(map, in: source)
    memory = memory.filling(
      walk.lost.subtracting(memory.present).ranges, isLeftOut: true, name: input.name)
    guard memory.end > 0 else {
      throw ImageError(.unusable, "\(input.name): the \(format.name) file holds no memory")
    }
    let leftOut = walk.leftOut(between: memory.regions.map(\.range))
    memory = memory.filling(leftOut.certain, name: input.name)
      .filling(leftOut.assumed, isAssumed: true, name: input.name)
    return MemoryImage(
      of: input, as: format, memory: memory, layout: .ofDump, layoutIsOpen: false, stored: nil,
      warnings: walk.warnings, damage: walk.hasPacked ? damage : nil)
  }
}
