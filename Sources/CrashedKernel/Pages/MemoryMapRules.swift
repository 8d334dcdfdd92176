internal import DumpRecords

/// What kernels of an architecture do with their struct pages where vmcoreinfo does not say it.
package struct MemoryMapRules: Sendable {
  /// `SECTION_SIZE_BITS` and `MAX_PHYSMEM_BITS`, keys since Linux 5.13 and 5.9; nil where they
  /// depend on the machine (`arch/*/include/asm/sparsemem.h`).
  let sections: (@Sendable (Kernel) -> SectionSizes)?
  /// Whether `mem_map` begins with the first frame of memory, not with frame 0
  /// (`ARCH_PFN_OFFSET`).
  let startsAtLowestLoad: Bool

  /// Sizes of sections, and of what they are sections of, as numbers of address bits.
  struct SectionSizes: Sendable {
    /// Of a section.
    let section: Int
    /// Of memory, in the order in which they are tried.
    let physical: [Int]
  }

  /// Rules of an architecture.
  init(
    startsAtLowestLoad: Bool = false, sections: (@Sendable (Kernel) -> SectionSizes)? = nil
  ) {
    self.startsAtLowestLoad = startsAtLowestLoad
    self.sections = sections
  }

  /// The same in all releases.
  init(section: Int, physical: [Int], startsAtLowestLoad: Bool = false) {
    self.init(startsAtLowestLoad: startsAtLowestLoad) { _ in
      SectionSizes(section: section, physical: physical)
    }
  }
}

extension Kernel {
  /// Whether its release is this one or a later one; true where it cannot be read.
  func isRelease(atLeast major: Int, _ minor: Int) -> Bool {
    release.map { $0 >= KernelRelease(major, minor) } ?? true
  }
}
