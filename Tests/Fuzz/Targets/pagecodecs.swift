import Codecs

/// A packed page, behind a byte that chooses how: the program's own decoders make of it what the
/// libraries make of it, where both take it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 1 else { return 0 }
  let isLZO = start[0] % 2 == 0
  let input = UnsafeRawBufferPointer(start: start + 1, count: count - 1)
  let own: any Unpacker = isLZO ? LZODecoder() : SnappyDecoder()
  let size = start[0] < 128 ? 4096 : 65_536
  guard let page = unpack(input, own, size) else { return 0 }
  if let library = (isLZO ? PackedForm.lzo : .snappy).unpacker(),
    let other = unpack(input, library, size)
  {
    precondition(page == other)
  }
  return 0
}

private func unpack(
  _ input: UnsafeRawBufferPointer, _ unpacker: any Unpacker, _ size: Int
) -> [UInt8]? {
  var output = [UInt8](repeating: 0, count: size)
  let made = output.withUnsafeMutableBytes { unpacker.unpack(input, into: $0) }
  return made.map { Array(output[..<$0]) }
}
