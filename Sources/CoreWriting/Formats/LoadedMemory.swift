internal import Bytes
internal import MemoryImages

/// What the loads of a vmcore show, at their addresses, each byte once: for formats that know no
/// loads.
struct LoadedMemory {
  let memory: PhysicalMemory
  /// Where there is any: ascending, merged.
  let ranges: [Range<UInt64>]

  /// The memory of a vmcore's loads.
  init(of plan: CorePlan, in vmcore: ELFCoreFile) throws(PlanError) {
    memory = try PageFrames(
      of: plan.header, in: vmcore, pageSize: plan.pageSize, isKept: plan.file != nil
    ).memory
    ranges = RangeSet(memory.regions.map(\.range)).ranges
    guard !ranges.isEmpty else { throw PlanError("the image holds nothing of the loads") }
  }
}
