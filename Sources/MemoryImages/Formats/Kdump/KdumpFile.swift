internal import Bytes
internal import DumpRecords

/// One kdump-compressed file: its headers, in the byte order and layout that fit, and where its
/// parts stand.
struct KdumpFile: Sendable {
  let source: any ByteSource
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
  init(_ source: any ByteSource) throws(ImageError) {
    self.source = source
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
        + (refusal ?? "header_version is in no byte order one of 1 to 6"))
  }

  private func check() throws(ImageError) {
    guard descriptorOffset <= source.size else {
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
    try KdumpBitmap(source, at: bitmapOffset, frames: frames)
  }

  /// The bitmap of the frames that are in the dump.
  func dumped() throws(ReadError) -> KdumpBitmap {
    try KdumpBitmap(
      source, at: bitmapOffset + (hasTwoBitmaps ? bitmapSize / 2 : 0), frames: frames)
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

extension KdumpSubHeader {
  /// The first frame of a file of a split set, and the one behind its last.
  fileprivate func splitFrames(version: UInt32) -> (start: UInt64, end: UInt64) {
    version >= 6 ? (startFrame, endFrame) : (startFrame32, endFrame32)
  }

  /// What the sub header says that no file can hold; nil where there is nothing such.
  fileprivate func impossibleClaim(version: UInt32, frames: UInt64) -> String? {
    let (start, end) = splitFrames(version: version)
    guard split == 0 || (start <= end && end <= frames) else {
      return "start_pfn is \(start.hex) and end_pfn \(end.hex), expected a part of the "
        + "\(frames.hex) page frames"
    }
    // It may stand behind the pages; nothing of it is read.
    guard let place = Range(start: eraseInfoOffset, length: eraseInfoSize),
      eraseInfoSize == 0 || place.upperBound <= UInt64(Int64.max)
    else {
      return "offset_eraseinfo is \(eraseInfoOffset.hex) with \(eraseInfoSize.hex) bytes, "
        + "expected a place in a file"
    }
    return nil
  }
}

/// Both headers under one byte order and layout: none, some that cannot be, or the ones.
private enum KdumpHeads {
  case none
  case refused(String)
  case found(KdumpHeader, KdumpSubHeader)

  init(_ head: [UInt8], order: ByteOrder, layout: KdumpLayout, _ source: any ByteSource) {
    var reader = ByteReader(head, order: order)
    guard let header = try? KdumpHeader(from: &reader, layout: layout),
      (1...KdumpHeader.currentVersion).contains(header.version)
    else {
      self = .none
      return
    }
    guard VMCoreInfo.isPageSize(UInt64(header.blockSize)) else {
      self = .refused("block_size is \(header.blockSize), expected a page size")
      return
    }
    guard header.subHeaderBlocks > 0, header.bitmapBlocks > 0 else {
      self = .refused(
        "sub_hdr_size is \(header.subHeaderBlocks) and bitmap_blocks \(header.bitmapBlocks), "
          + "expected some of each")
      return
    }
    guard let bytes = try? source.bytes(at: UInt64(header.blockSize), count: 4096) else {
      self = .none
      return
    }
    var inner = ByteReader(bytes, order: order)
    guard
      let sub = try? KdumpSubHeader(from: &inner, layout: layout, version: header.version)
    else {
      self = .refused("the file ends inside its sub header")
      return
    }
    self = KdumpHeads.judge(header, sub)
  }

  /// What tells the layouts apart where both headers can be read.
  private static func judge(_ header: KdumpHeader, _ sub: KdumpSubHeader) -> KdumpHeads {
    let bits = UInt64(header.bitmapBlocks) * UInt64(header.blockSize) * 8
    let wide = sub.maximumFrame
    let frames = wide != 0 ? wide : UInt64(header.maximumFrame)
    guard frames > 0, frames <= bits else {
      return .refused(
        "max_mapnr is \(frames.hex), expected 1 to \(bits.hex), the bits of its bitmaps")
    }
    guard wide == 0 || UInt64(header.maximumFrame) == min(wide, UInt64(UInt32.max)) else {
      return .refused(
        "max_mapnr is \(UInt64(header.maximumFrame).hex) and max_mapnr_64 \(wide.hex), expected "
          + "the same")
    }
    guard sub.split <= 1 else { return .refused("split is \(sub.split), expected 0 or 1") }
    if let claim = sub.impossibleClaim(version: header.version, frames: frames) {
      return .refused(claim)
    }
    let end = (1 + UInt64(header.subHeaderBlocks)) * UInt64(header.blockSize)
    for (name, offset, size) in [
      ("offset_note", sub.noteOffset, sub.noteSize),
      ("offset_vmcoreinfo", sub.infoOffset, sub.infoSize),
    ] where size > 0 {
      guard let range = Range(start: offset, length: size), range.lowerBound >= 4096,
        range.upperBound <= end
      else {
        return .refused(
          "\(name) is \(offset.hex) with \(size.hex) bytes, expected a place between the headers "
            + "and the bitmaps at \(end.hex)")
      }
    }
    return .found(header, sub)
  }
}
