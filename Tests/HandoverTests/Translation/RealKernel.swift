import Bytes
import CrashedKernel
import DumpRecords
import Foundation
import Handover
import MemoryImages
import TestSupport

/// The crashed kernel of a real image, unpacked where VMCOREGEN_IMAGES says.
struct RealKernel: Sendable {
  let kernel: Kernel
  let memory: PhysicalMemory
  let information: VMCoreInfo
  let architecture: Architecture
  let order: ByteOrder
  /// The rules that need no page tables, with the direct map.
  let translation: LinearMap
  /// Memory by those rules, each as far as there is memory.
  let linear: VirtualMemory
  let table: PageTable
  /// Memory by the page tables alone.
  let paged: VirtualMemory
  /// Memory by all of that.
  let all: VirtualMemory
  /// Where the kernel's own symbol table has some symbols.
  let symbols: [String: UInt64]

  /// A reason to give up.
  struct Failure: Error {
    let text: String
  }

  private static let folder = ProcessInfo.processInfo.environment["VMCOREGEN_IMAGES"]

  /// The images by their paths below the folder.
  static let names: [String] = {
    guard let folder, let files = FileManager.default.enumerator(atPath: folder) else { return [] }
    return files.compactMap { $0 as? String }.filter { $0.hasSuffix(".bin") }.sorted()
  }()

  static let isAvailable = !names.isEmpty || OutsideTool.isRequired
  static let absence = "VMCOREGEN_IMAGES names no folder with the unpacked images"

  /// Symbols that are looked for in the kernel's own table: code, and where its data begins.
  private static let wanted = [
    "panic", "schedule", "vfs_read", "do_exit", "vmemmap_base", "vmalloc_base", "modules",
    "init_task", "kexec_crash_image",
  ]

  private static let lock = Lock()
  nonisolated(unsafe) private static var opened: [String: RealKernel] = [:]

  /// The kernel of an image; each is opened once.
  static func named(_ name: String) throws -> RealKernel {
    try lock.withLock {
      if let known = opened[name] { return known }
      let kernel = try RealKernel(name)
      opened[name] = kernel
      return kernel
    }
  }

  private init(_ name: String) throws {
    let image = try ImageFormat.open(
      path: "\(Self.folder ?? "")/\(name)", options: ImageOptions(machines: Architecture.identities)
    )
    var options = SearchOptions()
    options.workers = 2
    let system = try SystemFinder.find(in: image, options)
    guard let kernel = system.kernel, case .found(let found) = try kernel.symbols() else {
      throw Failure(text: "\(name): no kernel with symbols")
    }
    self.kernel = kernel
    memory = kernel.physicalMemory
    information = kernel.information
    architecture = kernel.architecture
    order = kernel.order
    translation = try kernel.linearMap()
    symbols = try found.addresses(of: Self.wanted)
    let end = memory.end
    linear = VirtualMemory(
      memory, order: order, wordSize: architecture.wordSize,
      mappings: translation.windows.compactMap {
        Mapping.linear($0.range, minus: $0.offset).limited(to: end)
      })
    switch try kernel.pageTable() {
    case .found(let found): table = found
    case .absent(let why): throw Failure(text: why)
    }
    paged = VirtualMemory(
      memory, order: order, wordSize: architecture.wordSize, mappings: [.pageTable(table)])
    all = try kernel.memory()
  }

  /// Where the kernel has vmalloc, as far as it tells; on s390x all that lies above its memory.
  var vmalloc: Range<UInt64> {
    get throws {
      if let start = information.number("VMALLOC_START") {
        return start..<(information.number("VMALLOC_END") ?? start + (1 << 48))
      }
      guard let start = symbols["vmalloc_base"], let end = symbols["vmemmap_base"] else {
        return memory.end..<table.form.addresses[0].upperBound
      }
      return (try linear.pointer(at: start).value ?? 0)..<(try linear.pointer(at: end).value ?? 0)
    }
  }

  /// With the hash MMU, Linux's tables have neither the image nor the direct map.
  var hasHashMMU: Bool { information.number("RADIX_MMU") == 0 }
}
