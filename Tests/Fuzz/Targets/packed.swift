import MemoryImages

/// A packed file: what is in it, read as a whole and in parts.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = ImageInput(FuzzedBytes(start, count))
  guard let unpacked = try? Unwrapping.run(input, isCancelled: { false }) else { return 0 }
  let source = unpacked.source
  let whole = Int(min(source.size, 1 << 18))
  guard let bytes = try? source.bytes(at: 0, count: whole) else { return 0 }
  precondition(bytes.count == whole)
  var place = 0
  var step = 1
  while place < whole {
    let length = min(step, whole - place)
    let part = try? source.bytes(at: UInt64(place), count: length)
    precondition(part == Array(bytes[place..<place + length]))
    let extent = source.extent(at: UInt64(place))
    precondition(extent.end > UInt64(place))
    if extent.isHole {
      precondition(bytes[place..<min(whole, Int(min(extent.end, 1 << 18)))].allSatisfy { $0 == 0 })
    }
    place += length
    step = step * 3 + 1
  }
  return 0
}
