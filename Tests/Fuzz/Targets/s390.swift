import MemoryImages

/// A dump of an s390 machine, whole or in segments, also on two volumes: opened, read, and
/// converted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  if let image = FuzzedDump.open(FuzzedDump.input(start, count), as: .s390) {
    FuzzedDump.use(image)
  }
  if let image = FuzzedDump.open(FuzzedDump.input(start, count), as: .s390Extended) {
    FuzzedDump.use(image)
  }
  return 0
}
