import MemoryImages

/// A kdump-compressed file, or two files of a split set: opened, read, and converted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  if let image = FuzzedDump.open(FuzzedDump.input(start, count), as: .kdump) {
    FuzzedDump.use(image)
  }
  return 0
}
