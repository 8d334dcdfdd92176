import MemoryImages

/// A migration stream of QEMU, with libvirt's head or without it: opened, read, and converted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  if let image = FuzzedDump.open(FuzzedDump.input(start, count), as: .savevm) {
    FuzzedDump.use(image)
  }
  if let image = FuzzedDump.open(FuzzedDump.input(start, count), as: .libvirt) {
    FuzzedDump.use(image)
  }
  return 0
}
