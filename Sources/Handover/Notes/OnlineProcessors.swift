internal import Bytes
internal import CrashedKernel

/// The CPUs that were up when the kernel crashed, as its own mask says, by where their notes lie.
/// On some architectures the crash path takes a CPU that it has stopped out of the mask (arm64
/// `arch/arm64/kernel/smp.c`): one that is in it has not saved its registers.
struct OnlineProcessors {
  /// Physical addresses of their notes.
  let notes: Set<UInt64>

  /// Reads `cpu_online_mask` and the place of the notes of each CPU in it; nil where the symbol
  /// table does not lead to them.
  init?(_ kernel: Kernel) throws(ReadError) {
    guard let places = try PerCPUNotes(kernel), places.isPerCPU, let mask = places.onlineMask else {
      return nil
    }
    let memory = try kernel.memory()
    let wordSize = UInt64(memory.wordSize)
    var notes: Set<UInt64> = []
    var word: UInt64 = 0
    for cpu in 0..<(places.count ?? PerCPUNotes.limit) {
      let (place, bit) = UInt64(cpu).quotientAndRemainder(dividingBy: 8 * wordSize)
      if bit == 0 {
        guard let next = try memory.pointer(at: mask &+ place &* wordSize).value else { return nil }
        word = next
      }
      guard word & (1 << bit) != 0 else { continue }
      guard let physical = try places.physicalAddress(of: cpu) else { return nil }
      notes.insert(physical)
    }
    guard !notes.isEmpty else { return nil }
    self.notes = notes
  }
}
