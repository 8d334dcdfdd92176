internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// What memory says of the kernels that candidates are of, read once for each vmcoreinfo note.
struct CandidatePresences {
  private var known: [Key: KernelPresence] = [:]

  /// What the answer depends on.
  private struct Key: Hashable {
    let note: UInt64
    let moved: [Range<UInt64>]
  }

  /// Kernels that are looked at: real images leave one or two.
  private static let limit = 64

  /// Whether the kernel of a candidate is in memory, as it lies or where its loads say that its
  /// data was moved.
  mutating func presence(
    of candidate: CandidateExamination, in memory: PhysicalMemory
  ) throws(ReadError) -> KernelPresence {
    // What a kernel under Xen takes for physical addresses are none of the machine.
    guard let note = candidate.vmCoreInfo, !candidate.isOfXen,
      let architecture = Architecture.of(candidate.header)
    else { return .unknown }
    let key = Key(
      note: note.address,
      moved: candidate.movedLoads.prefix(4).compactMap(\.segment.sourceRange))
    if let presence = known[key] { return presence }
    guard known.count < CandidatePresences.limit else { return .unknown }
    let information = try note.vmCoreInfo(in: memory)
    var presence = KernelPresence.unknown
    if candidate.movedLoads.isEmpty {
      presence = try CandidatePresences.presence(
        of: information, architecture, candidate, in: memory)
    } else {
      let crashed = BackupRegion.crashedMemory(of: candidate, nil, memory)
      presence = try CandidatePresences.presence(
        of: information, architecture, candidate, in: crashed)
      // Where nothing has been moved yet the kernel is at its old place, else another one may be.
      if presence != .confirmed,
        try CandidatePresences.presence(of: information, architecture, candidate, in: memory)
          == .confirmed
      {
        presence = .confirmed
      }
    }
    known[key] = presence
    return presence
  }

  /// By the rules of the architecture, then by the virtual addresses of the loads: those prove
  /// where they lead to the name, and nothing where they do not, since not all who write them know
  /// them.
  private static func presence(
    of information: VMCoreInfo, _ architecture: Architecture, _ candidate: CandidateExamination,
    in memory: PhysicalMemory
  ) throws(ReadError) -> KernelPresence {
    let order = candidate.header.order
    let kernel = Kernel(information, architecture, order: order, memory: memory)
    let presence = try kernel?.presence() ?? .unknown
    if presence == .confirmed { return presence }
    let loads = VirtualMemory(
      memory, order: order, wordSize: architecture.wordSize,
      mappings: [.loads(candidate.soundLoads.map(\.segment))])
    let name = try SystemName(information, in: loads)
    return name != nil && name?.release == information.release ? .confirmed : presence
  }
}
