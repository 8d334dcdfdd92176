internal import Bytes
internal import DumpRecords

/// Both headers under one byte order and layout: none, some that cannot be, or the ones.
enum KdumpHeads {
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

extension KdumpSubHeader {
  /// The first frame of a file of a split set, and the one behind its last.
  func splitFrames(version: UInt32) -> (start: UInt64, end: UInt64) {
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
