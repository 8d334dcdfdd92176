internal import Bytes
internal import CrashedKernel

/// Where each CPU's notes lie, found without a core header: `crash_notes` through the per-CPU areas
/// (`kernel/crash_core.c`).
struct PerCPUNotes {
  /// CPUs that the kernel can have; nil where it does not tell.
  let count: Int?
  /// Virtual address of `__cpu_online_mask`, by the same look through the symbols.
  let onlineMask: UInt64?
  private let memory: VirtualMemory
  private let base: UInt64
  /// `__per_cpu_offset`; nil for a kernel of one CPU.
  private let offsets: UInt64?

  /// CPUs that are looked at: no kernel is built for more.
  static let limit = 8192

  /// nil where the symbol table does not lead to them.
  init?(_ kernel: Kernel) throws(ReadError) {
    guard let symbols = try kernel.symbols().value else { return nil }
    let memory = try kernel.memory()
    let places = try symbols.addresses(
      of: ["crash_notes", "__per_cpu_offset", "nr_cpu_ids", "__cpu_online_mask"])
    guard let variable = places["crash_notes"],
      let base = try memory.pointer(at: variable).value, base != 0
    else { return nil }
    self.memory = memory
    self.base = base
    offsets = places["__per_cpu_offset"]
    onlineMask = places["__cpu_online_mask"]
    count = try places["nr_cpu_ids"].flatMap { place throws(ReadError) in
      try memory.read(UInt32.self, at: place).value
    }.map { min(Int($0), PerCPUNotes.limit) }
  }

  /// Whether each CPU has an area of its own.
  var isPerCPU: Bool { offsets != nil }

  /// Virtual address of a CPU's notes; nil where the image does not tell.
  func virtualAddress(of cpu: Int) throws(ReadError) -> UInt64? {
    guard let offsets else { return base }
    return try memory.pointer(at: offsets &+ UInt64(cpu) &* UInt64(memory.wordSize)).value
      .map { base &+ $0 }
  }

  /// Physical address of a CPU's notes; nil where the image does not tell.
  func physicalAddress(of cpu: Int) throws(ReadError) -> UInt64? {
    guard let place = try virtualAddress(of: cpu),
      case .at(let physical, _) = try memory.translate(place)
    else { return nil }
    return physical
  }
}
