internal import Bytes
internal import DumpRecords

/// One file of a dump with the directory of its pages.
struct KdumpDirectory: Sendable {
  let file: KdumpFile
  let dumped: KdumpBitmap
  /// The file's own pages among all dumped ones: the descriptors of the others are in other files.
  let ranks: Range<UInt64>

  /// Reads the bitmap.
  init(_ file: KdumpFile) throws(ReadError) {
    self.file = file
    dumped = try file.dumped()
    let first = try dumped.rank(of: file.range.lowerBound)
    ranks = first..<max(first, try dumped.rank(of: file.range.upperBound))
  }

  /// Where the descriptor of the page with `rank` dumped pages before it stands.
  func descriptorOffset(ofRank rank: UInt64) -> UInt64 {
    file.descriptorOffset + (rank - ranks.lowerBound) * UInt64(PageDescriptor.size)
  }

  /// Whether a page is not there: it was never written, or the file ends before it.
  func isLost(_ descriptor: PageDescriptor) -> Bool {
    guard descriptor.offset != 0,
      let end = descriptor.offset.adding(UInt64(descriptor.size))
    else { return true }
    return end > file.source.size
  }

  /// The descriptors of `count` pages from a rank on; those behind the file's end are lost.
  func descriptors(
    fromRank rank: UInt64, count: Int
  ) throws(ReadError) -> [PageDescriptor] {
    let bytes = try file.source.bytes(
      at: descriptorOffset(ofRank: rank), count: count * PageDescriptor.size)
    var reader = ByteReader(bytes, order: file.order)
    var descriptors: [PageDescriptor] = []
    descriptors.reserveCapacity(count)
    while let descriptor = try? PageDescriptor(from: &reader) { descriptors.append(descriptor) }
    let lost = PageDescriptor(offset: 0, size: 0, flags: [])
    while descriptors.count < count { descriptors.append(lost) }
    return descriptors
  }
}
