import Bytes
import CoreWriting
import CrashedKernel
import DumpRecords
import Handover
import MemoryImages

/// An s390x machine of 4 MiB with a crash region at 2 MiB: its fixed places are the input, both
/// at 0 and in the crash region. All four bytes before them are choices.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = FuzzedBytes(start, count).bytes
  guard count > 4 else { return 0 }
  var memory = FuzzedMemory(size: 4 << 20, windows: windows, from: input.dropFirst(4))
  if input[0] & 1 == 0 {
    for base in [0, crashRegion] { repair(&memory, at: base, entries: input[0] & 2 == 0) }
  }
  guard let image = memory.image() else { return 0 }
  var options = SearchOptions()
  options.moment = MomentOption.allCases[Int(input[1] & 15) % 3]
  options.headerSource = HeaderSource.allCases[Int(input[1] >> 4) % 3]
  options.selection = Selection.allCases[Int(input[2] & 15) % 3]
  options.fallback = Fallback.allCases[Int(input[2] >> 4) % 3]
  options.verifiesDigest = input[3] & 1 != 0
  use(image, options, embeds: input[3] & 2 != 0)
  return 0
}

private let crashRegion: UInt64 = 2 << 20
private let osInfo: UInt64 = 0x20000

/// What is read of each half, in the order of `seeds`.
private let windows: [FuzzedMemory.Window] = [0, crashRegion].flatMap { base in
  [
    (0x0, 0x20), (0xe00, 0x20), (0x11b0, 8), (0x1200, 0x200), (0x10008, 8), (0x10418, 16),
    (0x10480, 64), (osInfo, 292), (0x24000, 0x200), (0x25000, 0x200), (0x28000, 64),
    (0x2a000, 0x300), (0x311b0, 8), (0x31200, 0x200), (0x331b0, 8), (0x33200, 0x200),
  ].map { FuzzedMemory.Window(base + $0.0, $0.1) }
}

/// Puts the checksums of os_info right, which no fuzzer could guess.
private func repair(_ memory: inout FuzzedMemory, at base: UInt64, entries: Bool) {
  func word(_ place: UInt64) -> UInt64 {
    let bytes = (try? memory.bytes(at: base &+ place, count: 8)) ?? []
    return (try? ByteReader(bytes, order: .big).peek(at: 0)) ?? 0
  }
  func put(_ sum: UInt32, at place: UInt64) {
    var writer = ByteWriter(order: .big)
    writer.write(sum)
    memory.write(writer.bytes, at: base + place)
  }
  for entry in 0..<3 where entries {
    let place = osInfo + 32 + 20 * UInt64(entry)
    let data = try? memory.bytes(at: base &+ word(place), count: Int(word(place + 8) & 0xffff))
    put(checksum(data ?? []), at: place + 16)
  }
  put(checksum((try? memory.bytes(at: base + osInfo + 12, count: 4084)) ?? []), at: osInfo + 8)
}

private func use(_ image: MemoryImage, _ options: SearchOptions, embeds: Bool) {
  guard let system = try? SystemFinder.find(in: image, options) else { return }
  if let handover = system.s390 {
    precondition(handover.memory.size == image.memory.size)
    for case .found(let block, _) in handover.reIPL.reports.map(\.answer) {
      _ = (block.fields, block.attributes)
    }
  }
  _ = try? VerifiedImage(system)
  var planOptions = PlanOptions()
  planOptions.embedsReIPL = embeds
  guard let plan = try? CorePlan(for: system, planOptions) else { return }
  let file = ELFCoreFile(plan, memory: system.memory)
  precondition(plan.extents.last?.range.upperBound == plan.size)
  for offset in [0, file.size / 2, file.size &- 4096] {
    _ = try? file.bytes(at: offset, count: 8192)
    precondition(offset >= file.size || file.extent(at: offset).end > offset)
  }
}
