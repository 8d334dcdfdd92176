internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// What memory says of the kernels that candidates are of, read once for each vmcoreinfo note.
struct CandidatePresences {
  private var known: [Key: Told] = [:]

  /// What the answer of memory alone depends on.
  private struct Key: Hashable {
    let note: UInt64
    let machine: ELFMachine
    let order: ByteOrder
    let moved: [Range<UInt64>?]
  }

  /// That answer.
  private struct Told {
    let information: VMCoreInfo
    let presence: KernelPresence
  }

  /// Kernels that are looked at: real images leave one or two.
  private static let limit = 64

  /// Whether the kernel of a candidate is in memory, as it lies or where its loads say that its
  /// data was moved. What memory contradicts or does not tell, the virtual addresses of the loads
  /// may prove: not all who write them know them, so that they prove nothing where they lead to
  /// another name.
  mutating func presence(
    of candidate: CandidateExamination, in memory: PhysicalMemory
  ) throws(ReadError) -> KernelPresence {
    // What a kernel under Xen takes for physical addresses are none of the machine.
    guard let note = candidate.vmCoreInfo, !candidate.isOfXen,
      let architecture = Architecture.of(candidate.header),
      let told = try told(note, architecture, candidate, in: memory)
    else { return .unknown }
    if told.presence.isConfirmed { return told.presence }
    for memory in CandidatePresences.memories(of: candidate, memory) {
      let loads = VirtualMemory(
        memory, order: candidate.header.order, wordSize: architecture.wordSize,
        mappings: [.loads(candidate.soundLoads.map(\.segment))])
      if let name = try SystemName(told.information, in: loads),
        name.release == told.information.release
      {
        return .confirmed(at: name.address)
      }
    }
    return told.presence
  }

  /// What the rules of the architecture say; nil where too many kernels were looked at.
  private mutating func told(
    _ note: Note, _ architecture: Architecture, _ candidate: CandidateExamination,
    in memory: PhysicalMemory
  ) throws(ReadError) -> Told? {
    let key = Key(
      note: note.address, machine: candidate.header.header.machine, order: candidate.header.order,
      moved: candidate.movedLoads.prefix(BackupRegion.mostMoved).flatMap {
        [$0.segment.physicalRange, $0.segment.sourceRange]
      })
    if let told = known[key] { return told }
    guard known.count < CandidatePresences.limit else { return nil }
    let information = try note.vmCoreInfo(in: memory)
    var presence: KernelPresence?
    for memory in CandidatePresences.memories(of: candidate, memory) {
      let kernel = Kernel(information, architecture, order: key.order, memory: memory)
      let answer = try kernel?.presence() ?? .unknown
      if presence == nil || answer.isConfirmed { presence = answer }
      if answer.isConfirmed { break }
    }
    let told = Told(information: information, presence: presence ?? .unknown)
    known[key] = told
    return told
  }

  /// The memory as the crashed kernel had it, then as it lies: where nothing has been moved yet the
  /// kernel is at its old place, else another one may be.
  private static func memories(
    of candidate: CandidateExamination, _ memory: PhysicalMemory
  ) -> [PhysicalMemory] {
    candidate.movedLoads.isEmpty
      ? [memory] : [BackupRegion.crashedMemory(of: candidate, nil, memory), memory]
  }
}
