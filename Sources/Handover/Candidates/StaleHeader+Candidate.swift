internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

extension StaleHeader {
  /// A candidate whose kernel is gone: something else lies in its place, or its vmcoreinfo has been
  /// overwritten and another kernel runs. Nil where nothing shows that.
  init?(
    _ candidate: CandidateExamination, _ presence: KernelPresence, _ evidence: Evidence,
    in view: ImageView
  ) throws(ReadError) {
    let region = candidate.header.crashRegion(
      around: candidate.address, end: max(view.memory.end, candidate.address))
    switch presence {
    case .confirmed: return nil
    case .contradicted(_, let difference):
      self.init(address: candidate.address, difference: difference, crashRegion: region)
    case .unknown:
      guard let section = candidate.overwrittenInformation(in: view.memory),
        let other = try VMCoreInfoSearch(evidence, in: view).found.first(where: {
          $0.kernel.information.crashTime == nil && !region.contains($0.system.address)
        })
      else { return nil }
      self.init(
        address: candidate.address,
        difference: "no vmcoreinfo stands at \(section.address.hex), where the header has it, and "
          + "init_uts_ns at \(other.system.address.hex) says \(other.system.release)",
        crashRegion: region)
    }
  }
}

extension CandidateExamination {
  /// The section of vmcoreinfo by its size, where the image has it and no vmcoreinfo stands there.
  fileprivate func overwrittenInformation(in memory: PhysicalMemory) -> NoteSection? {
    guard vmCoreInfo == nil else { return nil }
    return sections.first {
      $0.notes.isEmpty && $0.isAsLargeAsInformation && $0.isHeld(by: memory)
    }
  }
}
