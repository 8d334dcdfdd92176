import Bytes
import CrashedKernel
import DumpRecords
import MemoryImages

/// A kernel's struct pages: byte 0 chooses the architecture; then its vmcoreinfo, and the memory that
/// sections, zones, page tables and struct pages stand in.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = FuzzedBytes(start, count).bytes
  guard count > 1 + textSize else { return 0 }
  let architecture = Architecture.all[Int(input[0] & 0x7f) % Architecture.all.count]
  let text = Array(input[1..<1 + textSize].prefix { $0 != 0 })
  let source = FuzzedMemory(
    size: 4 << 20, windows: [.init(0x100000, 0xc000)], from: input[(1 + textSize)...])
  guard
    let memory = try? PhysicalMemory(
      regions: [MemoryRegion(range: 0..<source.size, source: source, offset: 0)]),
    let kernel = Kernel(
      VMCoreInfo(text), architecture, order: architecture.order, memory: memory),
    case .found(let census)? = try? PageCensus.read(kernel, lowest: 0)
  else { return 0 }
  let frames: Range<UInt64> = 0..<1024
  for level in [DumpLevel.all, .free, []] {
    var marks = PageMarks(0..<PageMarks.blockSize)
    marks.prepare(frames, as: .kept)
    try? census.test(&marks, [0..<600, 601..<1024], level, with: chunk)
    let left = marks.excluded.count
    precondition(left == marks.counts.excluded && left <= frames.length)
    for part in census.protected.clamped(to: frames).ranges {
      for frame in part {
        let kind = marks.kind(of: frame)
        precondition(!kind.isExcluded || kind == .poisoned || kind == .offline)
      }
    }
  }
  guard let areas = census.freeAreas.value,
    let arrays = try? census.model.arrays(of: [frames])
  else { return 0 }
  _ = try? areas.count()
  var blocks = 0
  _ = try? areas.walk(arrays, limit: 1024) { block in
    precondition(!block.isEmpty)
    blocks += 1
  }
  precondition(blocks <= 1024)
  return 0
}

private let textSize = 0x800
private let chunk = Chunk(size: PageCensus.chunkSize)
