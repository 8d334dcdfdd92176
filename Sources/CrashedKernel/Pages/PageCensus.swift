package import Bytes
internal import DumpRecords
internal import MemoryImages

/// What each page frame of a dead kernel was used for, by its struct pages. They are read from all
/// memory that the image holds, whether a load shows it or not.
package struct PageCensus: Sendable {
  /// How struct pages are read.
  package let rules: PageRules
  /// Where they are.
  package let model: MemoryModel
  /// Frames that are never left out: the kernel's image.
  package let protected: RangeSet
  /// The kernel's memory by virtual address.
  let memory: VirtualMemory
  /// The lists of free pages, or why they are not known.
  package let freeAreas: Answer<FreeAreas>
  /// What must be known of the census beside its result.
  package let warnings: [Finding]

  /// Bytes of struct pages that are read at once.
  package static let chunkSize = 1 << 18

  /// Everything that a census needs.
  ///
  /// - Parameter lowest: the lowest physical address of the kernel's memory.
  package static func read(_ kernel: Kernel, lowest: UInt64) throws(ReadError) -> Answer<PageCensus>
  {
    guard let release = kernel.release else {
      return .absent("vmcoreinfo has no OSRELEASE that can be read")
    }
    guard
      let rules = PageRules(
        kernel.information, release, wordSize: kernel.architecture.wordSize)
    else {
      return .absent("vmcoreinfo does not describe struct page (SIZE(page), OFFSET(page.flags))")
    }
    let memory = try kernel.memory()
    let image = try ImageFrames(
      of: kernel, in: memory, pageSize: kernel.information.pageSize ?? 4096)
    return try MemoryModel.read(kernel, rules.layout, memory: memory, lowest: lowest)
      .then { model throws(ReadError) in
        .found(
          PageCensus(
            rules: rules, model: model, protected: image.set, memory: memory,
            freeAreas: try FreeAreas.read(kernel, model, rules.layout, memory),
            warnings: warnings(release)))
      }
  }

  private static func warnings(_ release: KernelRelease) -> [Finding] {
    guard release > PageRules.newestRelease else { return [] }
    let newest = PageRules.newestRelease
    return [
      Finding(
        "the kernel is newer than Linux \(newest.major).\(newest.minor), the newest whose struct "
          + "pages are known here: what vmcoreinfo says of them is taken as it is",
        isDamage: false)
    ]
  }

  /// Tests the struct pages of a block.
  ///
  /// - Parameters:
  ///   - marks: a block whose frames are prepared.
  ///   - ranges: frames that are tested, ascending.
  ///   - level: what is left out.
  ///   - chunk: room for ``chunkSize`` bytes.
  package func test(
    _ marks: inout PageMarks, _ ranges: [Range<UInt64>], _ level: DumpLevel, with chunk: Chunk
  ) throws(ReadError) {
    var resume: UInt64 = 0
    for range in ranges {
      var frame = max(range.lowerBound, resume)
      while frame < range.upperBound {
        let array = try model.array(at: frame)
        let end = min(range.upperBound, array.frames.upperBound)
        guard array.address != nil else {
          frame = max(end, frame + 1)
          continue
        }
        var test = PageArrayTest(self, array, kinds: level.kinds, until: end)
        // A group that goes on in the next array is not passed over there: its pages are looked at.
        resume = min(try test.run(&marks, from: frame, with: chunk), array.frames.upperBound)
        frame = max(end, resume)
      }
    }
    if resume > marks.frames.upperBound { marks.next = resume }
  }
}
