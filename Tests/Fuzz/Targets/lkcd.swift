import MemoryImages

/// An LKCD dump: opened, read, and converted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  if let image = FuzzedDump.open(FuzzedDump.input(start, count), as: .lkcd) {
    FuzzedDump.use(image)
  }
  return 0
}
