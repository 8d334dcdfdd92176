internal import Bytes
internal import DumpRecords

/// One kdump-compressed file: its headers, in the byte order and layout that fit, and where its
/// parts stand.
struct KdumpFile: Sendable {
  let source: any ByteSource
  let budget: Budget
  let header: KdumpHeader
  let subHeader: KdumpSubHeader
  let order: ByteOrder
  let layout: KdumpLayout
  /// Number of page frames: `max_mapnr`.
  let frames: UInt64
  /// The frames that have a page in this file, of a split set.
  let range: Range<UInt64>

  var blockSize: UInt64 { UInt64(header.blockSize) }
  private var bitmapOffset: UInt64 { (1 + UInt64(header.subHeaderBlocks)) * blockSize }
  private var bitmapSize: UInt64 { UInt64(header.bitmapBlocks) * blockSize }
  /// Old files have one bitmap for both purposes.
  private var hasTwoBitmaps: Bool { frames <= bitmapSize / 2 * 8 }
  /// Where the page descriptors begin.
  var descriptorOffset: UInt64 { bitmapOffset + bitmapSize }

  /// Reads the headers.
  init(_ input: ImageInput) throws(ImageError) {
    let source = input.source
    self.source = source
    budget = input.budget
    let head = try rethrow(
      as: ImageError.init(reading:), source.bytes(at: 0, count: ImageFormat.headSize))
    var refusal: String?
    for order in ByteOrder.allCases {
      for layout in KdumpLayout.all {
        switch KdumpHeads(head, order: order, layout: layout, source) {
        case .none: continue
        case .refused(let reason): refusal = refusal ?? reason
        case .found(let header, let subHeader):
          self.header = header
          self.subHeader = subHeader
          self.order = order
          self.layout = layout
          frames = KdumpFile.frames(header, subHeader)
          range = KdumpFile.range(header, subHeader, frames)
          try check()
          return
        }
      }
    }
    throw ImageError(
      .unusable,
      "\(source.name): kdump-compressed header: "
        + Message(refusal ?? "header_version is in no byte order one of 1 to 6"))
  }

  private func check() throws(ImageError) {
    // makedumpfile 1.7.2 ends a part without pages inside its last bitmap block, behind the last
    // byte that has a bit: what is missing is zero.
    let needed = range.isEmpty ? descriptorOffset - blockSize + 1 : descriptorOffset
    guard needed <= source.size else {
      throw ImageError(
        .unusable,
        "\(source.name): the file ends at \(source.size.hex), inside its bitmaps "
          + "\((bitmapOffset..<descriptorOffset).hex)")
    }
    guard frames <= PhysicalAddress.end / blockSize else {
      throw ImageError(
        .unusable,
        "\(source.name): max_mapnr is \(frames.hex), expected physical addresses of at most "
          + "\(PhysicalAddress.bits) bits")
    }
  }

  /// The addresses of page frames.
  func addresses(of frames: Range<UInt64>) -> Range<UInt64> {
    frames.lowerBound * blockSize..<frames.upperBound * blockSize
  }

  /// The bitmap of the frames that exist.
  func existing() throws(ReadError) -> KdumpBitmap {
    try KdumpBitmap(source, at: bitmapOffset, frames: frames, budget)
  }

  /// The bitmap of the frames that are in the dump.
  func dumped() throws(ReadError) -> KdumpBitmap {
    try KdumpBitmap(
      source, at: bitmapOffset + (hasTwoBitmaps ? bitmapSize / 2 : 0), frames: frames, budget)
  }

  private static func frames(_ header: KdumpHeader, _ subHeader: KdumpSubHeader) -> UInt64 {
    subHeader.maximumFrame != 0 ? subHeader.maximumFrame : UInt64(header.maximumFrame)
  }

  private static func range(
    _ header: KdumpHeader, _ subHeader: KdumpSubHeader, _ frames: UInt64
  ) -> Range<UInt64> {
    guard subHeader.split != 0 else { return 0..<frames }
    let (start, end) = subHeader.splitFrames(version: header.version)
    return min(start, end)..<end
  }
}
