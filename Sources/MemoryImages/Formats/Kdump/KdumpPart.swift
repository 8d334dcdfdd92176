internal import Bytes
internal import DumpRecords

/// One file of a dump with the directory of its pages.
struct KdumpPart: Sendable {
  let file: KdumpFile
  let dumped: KdumpBitmap
  /// Number of dumped pages before this file's own: their descriptors are in other files.
  let firstRank: UInt64
  /// Number of descriptors that the file should have.
  let count: UInt64

  init(_ file: KdumpFile) throws(ReadError) {
    self.file = file
    dumped = try file.dumped()
    firstRank = try dumped.rank(of: file.range.lowerBound)
    let end = try dumped.rank(of: file.range.upperBound)
    count = max(end, firstRank) - firstRank
  }

  /// Where the descriptor of the page with `rank` dumped pages before it stands.
  func descriptorOffset(ofRank rank: UInt64) -> UInt64 {
    file.descriptorOffset + (rank - firstRank) * UInt64(PageDescriptor.size)
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

extension PageDescriptor {
  /// The ways of packing a page that are told apart but not read.
  private static let foreign: [(flag: KdumpFlags, name: String, readers: String)] = [
    (.lzo, "lzo", "crash and makedumpfile built with lzo"),
    (.snappy, "snappy", "crash and makedumpfile built with snappy"),
    (.zstd, "zstd", "crash and makedumpfile built with zstd"),
  ]

  /// Why the page cannot be read, whatever its bytes are; nil where it can.
  func fault(blockSize: UInt64) -> String? {
    for method in PageDescriptor.foreign where flags.contains(method.flag) {
      return "is packed with \(method.name), which is not read: \(method.readers) read it, and "
        + "'makedumpfile -c' packs it anew with zlib"
    }
    if flags.contains(.zlib) {
      return size > 0 && UInt64(size) <= blockSize
        ? nil : "takes \(size) bytes packed with zlib, expected 1 to \(blockSize)"
    }
    return UInt64(size) == blockSize
      ? nil : "takes \(size) bytes not packed, expected \(blockSize)"
  }
}
