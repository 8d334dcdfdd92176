import MemoryImages

/// A snapshot of cloud-hypervisor or Firecracker, of two files: opened, read, and converted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  if let image = FuzzedDump.open(FuzzedDump.input(start, count), as: .cloudHypervisor) {
    FuzzedDump.use(image)
  }
  if let image = FuzzedDump.open(FuzzedDump.input(start, count), as: .firecracker) {
    FuzzedDump.use(image)
  }
  return 0
}
