internal import Bytes
internal import MemoryImages

extension VirtualMemory {
  /// Fills a buffer with what can be read from an address on, up to the first byte that cannot be:
  /// because it is not mapped, or the image lacks it, or a dump has left it out.
  ///
  /// - Returns: the number of bytes.
  func fill(
    _ buffer: UnsafeMutableRawBufferPointer, from address: UInt64
  ) throws(ReadError) -> Int {
    var done = 0
    while done < buffer.count {
      guard let place = address.adding(UInt64(done)),
        case .at(let physical, let follow) = try translate(place)
      else { return done }
      let wanted = Int(min(follow, UInt64(buffer.count - done)))
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + wanted])
      let count = try unsafe fill(part, fromPhysical: physical)
      done += count
      if count < wanted { return done }
    }
    return done
  }

  private func fill(
    _ buffer: UnsafeMutableRawBufferPointer, fromPhysical address: UInt64
  ) throws(ReadError) -> Int {
    var done = 0
    while done < buffer.count {
      guard let start = address.adding(UInt64(done)),
        let range = Range(start: start, length: UInt64(buffer.count - done)),
        case .present(let part, let region) = memory.firstStretch(of: range)
      else { return done }
      let place = region.sourceOffset(of: part.lowerBound)
      let held = region.source.heldBytes(in: place..<place + part.length)
      guard held > 0 else { return done }
      let count = try unsafe region.source.read(
        at: place,
        into: UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + Int(held)]))
      done += count
      if count < Int(part.length) { return done }
    }
    return done
  }
}

extension ByteSource {
  /// Bytes from the start of a range on that a dump has not left out; what lies in a file as it is
  /// was not.
  fileprivate func heldBytes(in range: Range<UInt64>) -> UInt64 {
    guard filePosition(at: range.lowerBound) == nil else { return range.length }
    var place = range.lowerBound
    while place < range.upperBound {
      let extent = extent(at: place)
      if extent.isLeftOut { break }
      guard extent.end > place else { return range.length }
      place = extent.end
    }
    return min(place, range.upperBound) - range.lowerBound
  }
}
