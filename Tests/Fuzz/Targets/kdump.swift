import MemoryImages

/// A kdump-compressed file, or two files of a split set behind a `+` and the length of the first:
/// opened, read, and converted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let pair = UInt8(ascii: "+")
  guard count > 3, start[0] == pair else {
    use(ImageInput(FuzzedBytes(start, count)))
    return 0
  }
  let first = min(Int(start[1]) << 8 | Int(start[2]), count - 3)
  var input = ImageInput(FuzzedBytes(start + 3, first))
  input.parts = [ImageInput(FuzzedBytes(start + 3 + first, count - 3 - first))]
  use(input)
  return 0
}

private func use(_ input: ImageInput) {
  if let image = FuzzedDump.open(input, as: .kdump) { FuzzedDump.use(image) }
}
