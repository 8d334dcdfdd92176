import MemoryImages

/// A core of a guest of Xen: opened, read, and converted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  if let image = FuzzedDump.open(FuzzedDump.input(start, count), as: .xen) {
    FuzzedDump.use(image)
  }
  return 0
}
