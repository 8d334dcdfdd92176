import Bytes
import CoreWriting
import CrashedKernel
import DumpRecords
import Handover
import MemoryImages

/// A whole image: the search, the rules over every candidate, the plan, and reading the vmcore.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let source = FuzzedBytes(start, count)
  guard count > 0,
    let memory = try? PhysicalMemory(
      regions: [MemoryRegion(range: 0..<source.size, source: source, offset: 0)])
  else { return 0 }
  let image = MemoryImage(
    name: "input", format: "raw", memory: memory, layout: .identity, layoutIsOpen: true, files: [])
  var options = SearchOptions()
  options.workers = 1
  use(image, memory, options)
  options.coreHeader = ELFCoreHeaderParameter(address: UInt64(source.bytes[0] & 7) * 1024)
  use(image, memory, options)
  return 0
}

private func use(_ image: MemoryImage, _ memory: PhysicalMemory, _ options: SearchOptions) {
  guard let system = try? SystemFinder.find(in: image, options) else { return }
  for isExact in [false, true] {
    var planOptions = PlanOptions()
    planOptions.isExact = isExact
    guard let plan = try? CorePlan(for: system, planOptions) else { continue }
    let file = ELFCoreFile(plan, memory: system.memory)
    precondition(plan.extents.first?.range.lowerBound == 0)
    for offset in [0, file.size / 2, file.size &- 4096] {
      _ = try? file.bytes(at: offset, count: 8192)
      precondition(offset >= file.size || file.extent(at: offset).end > offset)
    }
  }
}
