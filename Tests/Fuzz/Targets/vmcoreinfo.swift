import Bytes
import DumpRecords

/// The text of vmcoreinfo, and numbers of the kernel's command line.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = FuzzedBytes(start, count).bytes
  let information = VMCoreInfo(bytes)
  if let release = information.release { _ = KernelRelease(release) }
  for name in ["_stext", "phys_base", "swapper_pg_dir"] {
    _ = information.symbol(name)
    _ = information.number(name)
  }
  _ = information.crashTime
  if let size = information.pageSize { precondition(VMCoreInfo.isPageSize(size)) }
  _ = ELFCoreHeaderParameter(commandLine: String(decoding: bytes, as: UTF8.self))
  return 0
}
