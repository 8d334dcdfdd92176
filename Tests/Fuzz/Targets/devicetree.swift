import Bytes
import DumpRecords

/// A flattened device tree.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  if let tree = DeviceTree(FuzzedBytes(start, count).bytes) {
    precondition(tree.memory.allSatisfy { !$0.isEmpty || $0.lowerBound == $0.upperBound })
    _ = tree.namedCoreHeader
  }
  return 0
}
