import Bytes
import CoreWriting
import CrashedKernel
import MemoryImages

/// A dump file of any sort: ELF core, kdump-compressed, flattened. It is opened, planned, read.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = ImageInput(FuzzedBytes(start, count))
  for format in [ImageFormat.elf, .kdump, .flattened] where format.recognizes(Array(head(input))) {
    guard let image = try? format.open(input, ImageOptions()) else { continue }
    for region in image.memory.regions.prefix(64) {
      precondition(!region.range.isEmpty)
      _ = try? image.memory.bytes(at: region.range.lowerBound, count: 9000)
      precondition(region.source.extent(at: region.offset).end > region.offset)
    }
    plan(image)
  }
  return 0
}

private func head(_ input: ImageInput) -> [UInt8] {
  (try? input.source.bytes(at: 0, count: ImageFormat.headSize)) ?? []
}

private func plan(_ image: MemoryImage) {
  guard let system = try? CrashedSystem(in: image, SearchOptions()),
    let plan = try? CorePlan(for: system, PlanOptions())
  else { return }
  let file = ELFCoreFile(plan, memory: system.memory)
  for offset in [0, file.size / 2, file.size &- 4096] {
    _ = try? file.bytes(at: offset, count: 8192)
    precondition(offset >= file.size || file.extent(at: offset).end > offset)
  }
}
