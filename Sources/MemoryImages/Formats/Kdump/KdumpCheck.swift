internal import Bytes
internal import DumpRecords

/// One pass over all page descriptors of a file, before the first page is read: what cannot be
/// read is said at once, what is lost is counted.
struct KdumpCheck {
  /// Pages whose descriptor was never written, or whose data lies behind the file's end.
  private(set) var lost: UInt64 = 0
  /// The first of them.
  private(set) var firstLost: UInt64?
  /// Where the page of zeros stands that all zero pages share, where there is one.
  private(set) var zeroPage: UInt64?

  private static let descriptorsAtOnce: UInt64 = 32_768

  init(_ part: KdumpPart) throws(ImageError) {
    do throws(ReadError) {
      var lostRank: UInt64?
      var fault: (rank: UInt64, text: String)?
      var lowest: UInt64 = .max
      let source = part.file.source
      var rank = part.firstRank
      let end = part.firstRank + part.count
      while rank < end, fault == nil {
        let place = part.descriptorOffset(ofRank: rank)
        let hole = KdumpCheck.descriptorsInHole(of: source, at: place)
        if place >= source.size || hole > 0 {
          let skipped = place >= source.size ? end - rank : min(hole, end - rank)
          lost += skipped
          lostRank = lostRank ?? rank
          rank += skipped
          continue
        }
        let count = Int(min(KdumpCheck.descriptorsAtOnce, end - rank))
        for descriptor in try part.descriptors(fromRank: rank, count: count) {
          if part.isLost(descriptor) {
            lost += 1
            lostRank = lostRank ?? rank
          } else if let text = descriptor.fault(blockSize: part.file.blockSize) {
            fault = (rank, text)
            break
          } else if descriptor.flags.isEmpty {
            lowest = min(lowest, descriptor.offset)
          }
          rank += 1
        }
      }
      if let fault {
        let frame = try part.dumped.frame(ofRank: fault.rank) ?? fault.rank
        throw ReadError(
          source: part.file.source.name, offset: part.descriptorOffset(ofRank: fault.rank),
          reason: "the page at \((frame * part.file.blockSize).hex) \(fault.text)")
      }
      if let lostRank { firstLost = try part.dumped.frame(ofRank: lostRank) }
      zeroPage = try KdumpCheck.zeroPage(at: lowest, of: part)
    } catch {
      throw ImageError(error)
    }
  }

  /// Whole descriptors in a hole of the file: none of them was ever written.
  private static func descriptorsInHole(of source: any ByteSource, at place: UInt64) -> UInt64 {
    let extent = source.extent(at: place)
    return extent.isHole && extent.end > place
      ? (extent.end - place) / UInt64(PageDescriptor.size) : 0
  }

  /// makedumpfile and QEMU store one page of zeros for all, before any other page.
  private static func zeroPage(at offset: UInt64, of part: KdumpPart) throws(ReadError) -> UInt64? {
    guard offset != .max else { return nil }
    let page = try part.file.source.bytes(at: offset, count: Int(part.file.blockSize))
    return page.allSatisfy { $0 == 0 } ? offset : nil
  }
}
