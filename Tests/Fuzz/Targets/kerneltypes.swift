import Bytes
import CrashedKernel

/// The types of a kernel: byte 0 chooses their byte order.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = FuzzedBytes(start, count).bytes
  guard let choice = input.first,
    let types = KernelTypes(
      Array(input.dropFirst()), order: choice & 1 == 0 ? .little : .big, wordSize: 8)
  else { return 0 }
  for name in ["page", "list_head", "atomic_long_t", "knot", "loop"] {
    _ = types.size(of: name)
    for path in ["lru.next", "flags", "zone", "table", "none"] {
      guard let member = types.member(path, of: name) else { continue }
      precondition(types.hasStructure(name) && member.offset == member.bitOffset / 8)
    }
  }
  precondition(types.values(of: ["PG_slab", "none"]).count <= 2)
  return 0
}
