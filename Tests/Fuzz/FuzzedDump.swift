import Bytes
import CoreWriting
import CrashedKernel
import Handover
import MemoryImages

/// A dump file of one format, from its first byte to the outputs that are made of it. What has to
/// be true of every dump, however damaged, is checked on the way.
enum FuzzedDump {
  /// Bytes of memory that are compared at most.
  private static let mostMemory: UInt64 = 1 << 18
  /// Outputs up to here are read as a whole, written and read back.
  private static let mostOutput: UInt64 = 1 << 19

  /// One file, or two files of a set behind a `+` and the length of the first.
  static func input(_ start: UnsafePointer<UInt8>, _ count: Int) -> ImageInput {
    guard count > 3, start[0] == UInt8(ascii: "+") else {
      return ImageInput(FuzzedBytes(start, count))
    }
    let first = min(Int(start[1]) << 8 | Int(start[2]), count - 3)
    var input = ImageInput(FuzzedBytes(start + 3, first))
    input.parts = [ImageInput(FuzzedBytes(start + 3 + first, count - 3 - first))]
    return input
  }

  /// Opens a file, where the format takes it for one of its own.
  static func open(_ input: ImageInput, as format: ImageFormat) -> MemoryImage? {
    guard let head = try? input.source.bytes(at: 0, count: ImageFormat.headSize),
      format.recognizes(head)
    else { return nil }
    return try? format.open(input, ImageOptions(machines: Architecture.identities))
  }

  /// Reads its memory in many ways, plans its vmcore, and writes it in every form.
  static func use(_ image: MemoryImage) {
    for region in image.memory.regions.prefix(64) { read(region, of: image.memory) }
    _ = try? image.memory.paddedBytes(at: 0, count: 70_000)
    guard let system = try? SystemFinder.find(in: image, SearchOptions()),
      let plan = try? CorePlan(for: system, PlanOptions())
    else { return }
    let file = ELFCoreFile(plan, memory: system.memory)
    for offset in [0, file.size / 2, file.size &- 4096] {
      _ = try? file.bytes(at: offset, count: 8192)
      precondition(offset >= file.size || file.extent(at: offset).end > offset)
    }
    guard file.size <= mostOutput, let bytes = try? file.bytes(at: 0, count: Int(file.size)) else {
      return
    }
    check(file, reads: bytes)
    readBack(file, system, isKept: plan.file != nil)
    // The slowest part: bitmaps of whole megabytes. Every fourth input goes through it.
    if bytes.reduce(0, &+) % 4 == 0 { writeKdump(system, plan, file) }
  }

  // MARK: Memory

  private static func read(_ region: MemoryRegion, of memory: PhysicalMemory) {
    precondition(!region.range.isEmpty)
    let length = region.range.upperBound - region.range.lowerBound
    for place in [0, length / 2, length - min(length, 9000)] {
      let address = region.range.lowerBound + place
      let count = Int(min(9000, length - place))
      guard let whole = try? memory.bytes(at: address, count: count) else { continue }
      precondition(whole.count == count)
      let cut = count / 3
      let first = try? memory.bytes(at: address, count: cut)
      let second = try? memory.bytes(at: address + UInt64(cut), count: count - cut)
      precondition((first ?? []) + (second ?? []) == whole)
    }
    checkHoles(of: region.source, in: region.offset..<region.offset + min(length, 65_536))
  }

  /// An extent ends behind its start, and a hole reads as zeros.
  private static func checkHoles(of source: any ByteSource, in range: Range<UInt64>) {
    var place = range.lowerBound
    for _ in 0..<64 where place < range.upperBound {
      let extent = source.extent(at: place)
      precondition(extent.end > place)
      let count = Int(min(extent.end, range.upperBound) - place)
      if extent.isHole, let bytes = try? source.bytes(at: place, count: count) {
        precondition(bytes.allSatisfy { $0 == 0 })
      }
      place = extent.end
    }
  }

  /// Both hold the same memory, as far as the first can be read.
  static func expect(_ other: PhysicalMemory, holds memory: PhysicalMemory) {
    var left = mostMemory
    for region in memory.regions.prefix(64) where left > 0 {
      let count = min(left, region.range.upperBound - region.range.lowerBound)
      left -= count
      guard let bytes = try? memory.bytes(at: region.range.lowerBound, count: Int(count)) else {
        continue
      }
      let found = try? other.bytes(at: region.range.lowerBound, count: Int(count))
      precondition(found == bytes, "memory at \(region.range.lowerBound) differs")
    }
  }

  // MARK: Outputs

  private static func check(_ file: ELFCoreFile, reads bytes: [UInt8]) {
    var place = 0
    var step = 1
    while place < bytes.count {
      let count = min(step, bytes.count - place)
      let part = try? file.bytes(at: UInt64(place), count: count)
      precondition(part == Array(bytes[place..<place + count]))
      place += count
      step = step * 3 + 1
    }
    checkHoles(of: file, in: 0..<file.size)
  }

  /// The ELF vmcore and its flattened form hold the same memory.
  private static func readBack(_ file: ELFCoreFile, _ system: CrashedSystem, isKept: Bool) {
    // What lost all its memory has none in its copy, which is then no dump.
    guard isKept, !system.memory.regions.isEmpty else { return }
    guard let core = open(ImageInput(file), as: .elf) else { fatalError("own vmcore is refused") }
    expect(core.memory, holds: system.memory)
    let view = FlattenedView(file, name: "flattened")
    guard let flat = open(ImageInput(view), as: .flattened) else {
      fatalError("own flattened vmcore is refused")
    }
    expect(flat.memory, holds: system.memory)
  }

  /// A kdump-compressed file without compression holds the same memory.
  private static func writeKdump(_ system: CrashedSystem, _ plan: CorePlan, _ file: ELFCoreFile) {
    guard
      let kdump = try? KdumpPlan(for: system, plan, file: file, packedAs: nil),
      kdump.memorySize <= mostOutput
    else { return }
    let output = FuzzedOutput()
    let writer = KdumpWriter(
      kdump, compression: Compression(engine: .zlib, level: 0), workers: 1,
      monitor: WriteMonitor())
    do throws(WriteError) { try writer.write(to: output) } catch { return }
    guard plan.file != nil, !system.memory.regions.isEmpty else { return }
    guard let dump = open(ImageInput(output.source), as: .kdump) else {
      fatalError("own kdump-compressed file is refused")
    }
    expect(dump.memory, holds: system.memory)
  }
}
