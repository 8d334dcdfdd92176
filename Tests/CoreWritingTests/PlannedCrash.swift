import Bytes
import Codecs
import CoreWriting
import CrashedKernel
import DumpRecords
import Handover
import MemoryImages
import TestSupport

/// A crashed machine whose vmcore is planned.
struct PlannedCrash {
  let system: CrashedSystem
  let plan: CorePlan
  let file: ELFCoreFile

  private init(_ system: CrashedSystem, _ options: PlanOptions) throws {
    self.system = system
    plan = try CorePlan(for: system, options)
    file = ELFCoreFile(plan, memory: system.oldMemory)
  }

  /// The image in a file of any format.
  init(imageAt path: String) throws {
    let image = try ImageFormat.open(
      path: path, options: ImageOptions(machines: Architecture.identities))
    try self.init(try SystemFinder.find(in: image, SearchOptions()), PlanOptions())
  }

  /// A random header in its memory; nil where no vmcore can be made of it.
  init?(_ random: RandomHeader) throws {
    let source = ByteArraySource(random.memory, name: "random memory")
    let memory = try PhysicalMemory(regions: [
      MemoryRegion(range: 0..<source.size, source: source, offset: 0)
    ])
    var search = SearchOptions()
    search.moment = .after
    var options = PlanOptions()
    options.pageSize = random.pageSize
    options.compatibility = Compatibility(rawValue: random.compat.rawValue)
    options.isExact = random.exact
    guard let system = try? RandomLayoutTests.system(headerAt: random.address, in: memory, search),
      let crash = try? PlannedCrash(system, options)
    else { return nil }
    self = crash
  }

  /// Whether the header is that of a dump.
  var isKept: Bool { system.stored != nil }
  /// The text of the VMCOREINFO note.
  var information: [UInt8]? { system.vmCoreInfo?.text }
  /// The kernel's release.
  var release: String? { system.vmCoreInfo?.release }
  /// Bytes of all loads.
  var promisedMemory: UInt64 {
    plan.header.segments(of: .load).reduce(0) { $0 + $1.segment.memorySize }
  }

  /// All bytes of the vmcore.
  func elf() throws -> [UInt8] { try file.bytes(at: 0, count: Int(file.size)) }

  /// A kdump-compressed file of it.
  func kdump(
    level: Int = 1, engine: DeflateEngine = .zlib, workers: Int = 1
  ) throws -> [UInt8] {
    let target = RecordingTarget()
    try write(to: target, level: level, engine: engine, workers: workers)
    return target.bytes
  }

  /// Writes a kdump-compressed file.
  func write(
    to target: RecordingTarget, level: Int = 1, engine: DeflateEngine = .zlib, workers: Int = 1
  ) throws {
    try writer(level, engine, workers).write(to: target)
  }

  /// A split set of files of at most `size` bytes each.
  func kdumpSet(splitAt size: UInt64) throws -> [[UInt8]] {
    var targets: [RecordingTarget] = []
    try writer(1, .zlib, 2).write(splitAt: size, name: "set") { number in
      let target = RecordingTarget()
      targets.append(target)
      return target
    }
    return targets.map(\.bytes)
  }

  /// What a kdump-compressed file will hold.
  func kdumpPlan(packedAs form: PackedForm? = .zlib) throws -> KdumpPlan {
    try KdumpPlan(for: system, plan, file: file, packedAs: form)
  }

  private func writer(_ level: Int, _ engine: DeflateEngine, _ workers: Int) throws -> KdumpWriter {
    KdumpWriter(
      try kdumpPlan(packedAs: level > 0 ? .zlib : nil),
      compression: Compression(engine: engine, level: level), workers: workers,
      monitor: WriteMonitor())
  }
}
