internal import Bytes
internal import MemoryImages

extension PhysicalMemory {
  /// Whether every byte of a range is zero or missing. Holes and missing memory cost nothing.
  func isZero(_ range: Range<UInt64>) throws(ReadError) -> Bool {
    let chunk = Chunk(size: 65_536)
    var address = range.lowerBound
    while address < range.upperBound {
      switch firstStretch(of: address..<range.upperBound) {
      case .absent(let gap): address = gap.upperBound
      case .present(let piece, let region):
        let place = region.sourceOffset(of: address)
        let extent = region.source.extent(at: place)
        let length = extent.end > place ? min(extent.end - place, piece.length) : piece.length
        if extent.isHole {
          address += length
          continue
        }
        let count = Int(min(UInt64(65_536), length))
        let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<count])
        try unsafe read(at: address, into: buffer)
        if unsafe !isAllZero(UnsafeRawBufferPointer(buffer)) { return false }
        address += UInt64(count)
      }
    }
    return true
  }
}
