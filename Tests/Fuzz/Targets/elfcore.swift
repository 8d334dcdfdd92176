import MemoryImages

/// An ELF core of a whole machine: opened, read, and converted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  if let image = FuzzedDump.open(ImageInput(FuzzedBytes(start, count)), as: .elf) {
    FuzzedDump.use(image)
  }
  return 0
}
