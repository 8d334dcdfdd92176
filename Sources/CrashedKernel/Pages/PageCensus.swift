package import Bytes
internal import DumpRecords
internal import MemoryImages

/// What each page frame of a dead kernel was used for, by its struct pages. They are read from all
/// memory that the image holds, whether a load shows it or not.
package struct PageCensus: Sendable {
  /// How struct pages are read.
  package private(set) var rules: PageRules
  /// Where they are.
  package let model: MemoryModel
  /// Frames that are never left out: the kernel's image.
  package let protected: RangeSet
  /// The kernel's memory by virtual address.
  let memory: VirtualMemory
  /// The lists of free pages, or why they are not known.
  package let freeAreas: Answer<FreeAreas>
  /// What must be known of the census beside its result.
  package private(set) var warnings: [Finding]

  /// Bytes of struct pages that are read at once.
  package static let chunkSize = 1 << 18

  /// Everything that a census needs. Where vmcoreinfo is not enough, and for a kernel that is newer
  /// than what is known here, the kernel's own types are asked.
  ///
  /// - Parameter lowest: the lowest physical address of the kernel's memory.
  package static func read(_ kernel: Kernel, lowest: UInt64) throws(ReadError) -> Answer<PageCensus>
  {
    guard let release = kernel.release else {
      return .absent("vmcoreinfo has no OSRELEASE that can be read")
    }
    let isNew = release > PageRules.newestRelease
    let told = try read(KernelStructures(kernel), release, lowest: lowest)
    if !isNew, let census = told.value, census.isComplete, !census.rules.mayLackMore { return told }
    func alone(_ why: String? = nil) -> Answer<PageCensus> {
      guard case .found(var census) = told else { return told }
      if let why, isNew || !census.isComplete {
        census.warnings.append(Finding("the kernel's own types cannot be used: \(why)"))
      }
      if isNew { census.warnings.append(newness("what vmcoreinfo says of them is taken as it is")) }
      return .found(census.settled(release))
    }
    switch try kernel.types() {
    case .absent: return alone()
    case .corrupt(let why): return alone(why)
    case .found(let types):
      let typed = try read(
        KernelStructures(kernel, types, decide: isNew), release, lowest: lowest)
      guard case .found(var census) = typed else { return alone() }
      let known = told.value
      if !isNew, let known, known.rules == census.rules, known.isComplete { return told }
      census.warnings.append(
        isNew
          ? newness("\(byTypes) decide")
          : Finding(
            "vmcoreinfo does not describe all of the kernel's struct pages: \(byTypes) do",
            isDamage: false))
      if isNew, let known, known.rules != census.rules {
        census.warnings.append(
          Finding("vmcoreinfo and the kernel's own types describe its struct pages differently"))
      }
      return .found(census.settled(release))
    }
  }

  private static let byTypes = "the types that the kernel carries itself (BTF)"

  private static func newness(_ what: String) -> Finding {
    Finding(
      "the kernel is newer than Linux \(PageRules.newestRelease), the newest whose struct pages are "
        + "known here: \(what)",
      isDamage: false)
  }

  private static func read(
    _ structures: KernelStructures, _ release: KernelRelease, lowest: UInt64
  ) throws(ReadError) -> Answer<PageCensus> {
    guard let rules = PageRules(structures, release) else {
      return .absent("vmcoreinfo does not describe struct page (SIZE(page), OFFSET(page.flags))")
    }
    let kernel = structures.kernel
    let memory = try kernel.memory()
    let image = try ImageFrames(
      of: kernel, in: memory, pageSize: kernel.information.pageSize ?? 4096)
    return try MemoryModel.read(structures, rules.layout, memory: memory, lowest: lowest)
      .then { model throws(ReadError) in
        .found(
          PageCensus(
            rules: rules, model: model, protected: image.set, memory: memory,
            freeAreas: try FreeAreas.read(structures, model, rules.layout, memory), warnings: []))
      }
  }

  /// Whether every level can be decided.
  private var isComplete: Bool {
    rules.refusals.isEmpty && (rules.marksFree || freeAreas.value != nil)
  }

  /// The same where nothing more can be known: what is free is told by the release's type where no
  /// list tells it.
  private func settled(_ release: KernelRelease) -> PageCensus {
    guard !rules.marksFree, freeAreas.value == nil else { return self }
    var census = self
    census.rules = rules.markingFree(release)
    return census
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
