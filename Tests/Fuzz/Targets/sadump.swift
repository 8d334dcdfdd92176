import MemoryImages

/// A dump of Fujitsu's firmware, also on two disks: opened, read, and converted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  if let image = FuzzedDump.open(FuzzedDump.input(start, count), as: .sadump) {
    FuzzedDump.use(image)
  }
  return 0
}
