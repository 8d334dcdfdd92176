import MemoryImages

/// A LiME or AVML file: opened, read, and converted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = ImageInput(FuzzedBytes(start, count))
  for format in [ImageFormat.lime, .avml] {
    if let image = FuzzedDump.open(input, as: format) { FuzzedDump.use(image) }
  }
  return 0
}
