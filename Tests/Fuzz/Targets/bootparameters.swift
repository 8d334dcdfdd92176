import Bytes
import DumpRecords

/// A zero page and the command line behind it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = FuzzedBytes(start, count).bytes
  if let page = BootParameters(bytes) {
    precondition(page.memoryMap.count <= 128)
    let line = String(decoding: bytes.dropFirst(4096), as: UTF8.self)
    if let parameter = ELFCoreHeaderParameter(commandLine: line) {
      precondition(ELFCoreHeaderParameter(parameter.text[...]) == parameter)
    }
  }
  return 0
}
