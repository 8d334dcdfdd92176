package import Bytes
package import CrashedKernel
internal import DumpRecords
internal import Handover

/// The frames that a selection is made of: those of a vmcore's loads, and how much of them a test of
/// struct pages may decide.
package struct SelectedFrames: Sendable {
  /// The frames of the loads, and their memory.
  let frames: PageFrames
  /// The same frames as a set.
  let existing: RangeSet
  /// Those of which the dump that is converted holds something; nil where a vmcore is made.
  let held: RangeSet?
  /// Frames whose first byte lies in the data of a load: others are never left out by themselves.
  let tested: RangeSet
  /// What looking at them may cost; nil where nobody counts.
  let budget: Budget?
  /// Bytes of a word of the kernel.
  let wordSize: Int
  /// The lowest physical address of a load.
  package let lowest: UInt64

  /// The frames of a vmcore.
  package init(
    of plan: CorePlan, in file: ELFCoreFile, _ architecture: Architecture?, budget: Budget? = nil
  ) throws(PlanError) {
    self.budget = budget
    wordSize = architecture?.wordSize ?? plan.header.elfClass.wordSize
    let isKept = plan.file != nil
    let size = plan.pageSize
    frames = try PageFrames(of: plan.header, in: file, pageSize: size, isKept: isKept)
    existing = RangeSet(frames.existing)
    held = isKept ? RangeSet(frames.stored) : nil
    var lowest = UInt64.max
    var tested: [Range<UInt64>] = []
    for (_, load) in plan.header.segments(of: .load) {
      let length = isKept ? load.fileSize : load.memorySize
      guard let range = Range(start: load.physicalAddress, length: length), !range.isEmpty,
        range.upperBound <= PhysicalAddress.end
      else { continue }
      lowest = min(lowest, range.lowerBound)
      let first = (range.lowerBound + size - 1) / size
      let end = (range.upperBound + size - 1) / size
      if first < end { tested.append(first..<end) }
    }
    self.tested = RangeSet(tested)
    self.lowest = lowest == .max ? 0 : lowest
  }

  /// The frames: ascending, merged.
  package var ranges: [Range<UInt64>] { existing.ranges }
  /// Number of frames.
  package var count: UInt64 { existing.length }
  /// Bytes of a page.
  package var pageSize: UInt64 { frames.pageSize }

  /// A block whose frames are known to be kept, or to be lacking.
  func block(_ range: Range<UInt64>) -> PageMarks {
    var marks = PageMarks(range)
    for part in existing.clamped(to: range).ranges { marks.prepare(part, as: .kept) }
    guard let held else { return marks }
    for part in existing.clamped(to: range).subtracting(held).ranges {
      marks.prepare(part, as: .leftOut)
    }
    for part in held.clamped(to: range).ranges {
      var frame = part.lowerBound
      while frame < part.upperBound {
        let extent = frames.extent(at: frame)
        let end = min(extent.end, part.upperBound)
        if extent.kind == .leftOut { marks.prepare(frame..<end, as: .leftOut) }
        frame = end
      }
    }
    return marks
  }
}
