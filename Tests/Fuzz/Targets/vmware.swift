import MemoryImages

/// A state file of VMware, with its memory inside or in a second file: opened, read, and converted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  if let image = FuzzedDump.open(FuzzedDump.input(start, count), as: .vmware) {
    FuzzedDump.use(image)
  }
  return 0
}
