internal import Bytes
internal import Codecs

/// Memory in parts that are packed with zlib one by one: offset = address.
final class S390Chunks: ByteSource {
  let name: String
  let size: UInt64
  private let chunks: [S390Chunk]
  private let unpackers = CodecPool { PackedForm.zlib.unpacker().map(PooledUnpacker.init) }
  private let cache = PageCache()
  private let damage: PageDamage

  /// Parts in the order of their addresses; `damage` is told of what cannot be unpacked.
  init(_ chunks: [S390Chunk], _ damage: PageDamage) {
    self.chunks = chunks
    self.damage = damage
    name = chunks.first?.source.name ?? ""
    size = chunks.last?.range.upperBound ?? 0
  }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    var done = 0
    while done < count {
      let place = offset + UInt64(done)
      guard let chunk = chunk(at: place) else { return done }
      let bytes = try bytes(of: chunk)
      let inside = Int(place - chunk.range.lowerBound)
      let length = min(count - done, bytes.count - inside)
      unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + length])
        .copyBytes(from: bytes[inside..<inside + length])
      done += length
    }
    return done
  }

  func extent(at offset: UInt64) -> SourceExtent {
    guard offset < size, damage.wasFound, let chunk = chunk(at: offset) else {
      return SourceExtent(isHole: false, end: max(offset, size))
    }
    let isLost = damage.contains(chunk.range.lowerBound / S390Chunks.pageSize)
    return SourceExtent(isHole: false, isLeftOut: isLost, end: chunk.range.upperBound)
  }

  var mayLoseBytes: Bool { true }

  var readCost: UInt64 { 8 }

  func isLost(_ range: Range<UInt64>) -> Bool {
    guard damage.wasFound, !range.isEmpty, range.upperBound <= size else { return false }
    let pages =
      range.lowerBound / S390Chunks.pageSize...(range.upperBound - 1) / S390Chunks.pageSize
    return pages.allSatisfy(damage.contains)
  }

  static let pageSize: UInt64 = 4096

  private func chunk(at address: UInt64) -> S390Chunk? {
    var low = 0
    var high = chunks.count
    while low < high {
      let middle = (low + high) / 2
      if chunks[middle].range.upperBound > address { high = middle } else { low = middle + 1 }
    }
    return low < chunks.count && chunks[low].range.contains(address) ? chunks[low] : nil
  }

  private func bytes(of chunk: S390Chunk) throws(ReadError) -> [UInt8] {
    if let bytes = cache.bytes(of: chunk.range.lowerBound) { return bytes }
    let stored = try chunk.source.bytes(at: chunk.place, count: Int(chunk.size))
    let length = Int(chunk.range.length)
    var bytes: [UInt8]
    if chunk.isPlain {
      bytes = Array(stored.prefix(length))
    } else {
      bytes = [UInt8](repeating: 0, count: length)
      let size = unsafe bytes.withUnsafeMutableBytes { output in
        unpackers.with { (unpacker: PooledUnpacker) -> Int? in
          unsafe stored.withUnsafeBytes { unsafe unpacker.unpacker.unpack($0, into: output) }
        }
      }
      if size != length { bytes = [] }
    }
    if bytes.count < length {
      // All of it is lost: what was unpacked before the fault may be anything.
      bytes = [UInt8](repeating: 0, count: length)
      let first = chunk.range.lowerBound / S390Chunks.pageSize
      for page in first..<(chunk.range.upperBound + S390Chunks.pageSize - 1) / S390Chunks.pageSize {
        damage.add(page)
      }
    }
    cache.add(bytes, of: chunk.range.lowerBound)
    return bytes
  }
}
