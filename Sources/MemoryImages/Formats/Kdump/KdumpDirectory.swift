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

  /// What a descriptor alone says of its page.
  enum PageState {
    /// It was never written, or the file ends before it.
    case lost
    /// It takes as many bytes of the file as no page can.
    case damaged
    /// Its bytes are there, packed in this way.
    case there(PagePacking)
  }

  /// What a descriptor alone says of its page.
  func state(of descriptor: PageDescriptor) -> PageState {
    guard descriptor.offset != 0,
      let end = descriptor.offset.adding(UInt64(descriptor.size)), end <= file.source.size
    else { return .lost }
    let packing = PagePacking(descriptor.flags)
    return packing.admits(size: descriptor.size, blockSize: file.blockSize)
      ? .there(packing) : .damaged
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
