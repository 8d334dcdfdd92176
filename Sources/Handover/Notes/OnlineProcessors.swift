internal import Bytes
internal import CrashedKernel
internal import DumpRecords

/// The CPUs that were up when the kernel crashed, as its own mask says, by where their notes lie.
/// On some architectures the crash path takes a CPU that it has stopped out of the mask (arm64
/// `arch/arm64/kernel/smp.c`): one that is in it has not saved its registers.
struct OnlineProcessors {
  /// Physical addresses of their notes.
  let notes: Set<UInt64>

  /// CPUs that are looked at: no kernel is built for more.
  private static let limit: UInt32 = 8192

  /// Reads `cpu_online_mask` and the place of `crash_notes` of each CPU in it; nil where the symbol
  /// table does not lead to them.
  init?(_ kernel: Kernel) throws(ReadError) {
    guard let symbols = try kernel.symbols().value else { return nil }
    let memory = try kernel.memory()
    let names = ["__cpu_online_mask", "nr_cpu_ids", "crash_notes", "__per_cpu_offset"]
    let places = try symbols.addresses(of: names)
    guard let mask = places["__cpu_online_mask"], let variable = places["crash_notes"],
      let offsets = places["__per_cpu_offset"],
      let base = try memory.pointer(at: variable).value, base != 0
    else { return nil }
    var count = OnlineProcessors.limit
    if let place = places["nr_cpu_ids"], let number = try memory.read(UInt32.self, at: place).value
    {
      count = min(number, count)
    }
    let wordSize = UInt64(memory.wordSize)
    var notes: Set<UInt64> = []
    var word: UInt64 = 0
    for index in 0..<UInt64(count) {
      let (place, bit) = index.quotientAndRemainder(dividingBy: 8 * wordSize)
      if bit == 0 {
        guard let next = try memory.pointer(at: mask &+ place &* wordSize).value else { return nil }
        word = next
      }
      guard word & (1 << bit) != 0 else { continue }
      guard let offset = try memory.pointer(at: offsets &+ index &* wordSize).value,
        case .at(let physical, _) = try memory.translate(base &+ offset)
      else { return nil }
      notes.insert(physical)
    }
    guard !notes.isEmpty else { return nil }
    self.notes = notes
  }
}
