package import Bytes
package import CrashedKernel
package import DumpRecords
package import MemoryImages

/// What a crashed kernel left in its memory: a value that holds all that a vmcore is made of.
/// ``SystemFinder`` makes it; nothing of it is looked for any more.
package struct CrashedSystem: Sendable {
  /// The crashed kernel's physical memory: what others have moved since is shown where that kernel
  /// had it (s390x's exchange with the second kernel, the purgatory's backup region).
  package var memory: PhysicalMemory
  /// The memory as it lies in the image under its layout (on s390x with the exchange undone).
  package var imageMemory: PhysicalMemory
  /// How the file lies in memory.
  package var layout: ImageLayout
  /// The core header, found or built.
  package var header: CoreHeader
  /// Physical address of the core header; nil where it was built.
  package var headerAddress: UInt64?
  /// The memory that is reserved for the core header; nil where it was built.
  package var headerRegion: Range<UInt64>?
  /// The walked notes, in table order.
  package var sections: [NoteSection]
  /// Loads that no machine can have, by their place in the table, with the reason.
  package var unsoundLoads: [Int: String]
  /// The kernel's own description, where the header has exactly one.
  package var vmCoreInfo: VMCoreInfo?
  /// Where that note lies.
  package var vmCoreInfoNote: Note?
  package var architecture: Architecture?
  /// The kernel that crashed, for its own data; nil where nothing tells where its image lies.
  package var kernel: Kernel?
  package var moment: Moment
  package var backup: BackupRegion?
  package var producer: Producer
  package var processors: [Processor]
  /// Where the second kernel's merged header of this one lies, once it has run.
  package var mergedHeader: UInt64?
  /// What that one shows of the layout that the second kernel writes.
  package var mergedLayout: MergedLayout?
  /// The Linux whose vmcoreinfo the header does not have, under Xen.
  package var domainZero: DomainZero?
  /// What named the header's place, best first.
  package var namedBy: [NamedPlace] = []
  /// What each way of finding the header answered.
  package var locators: [LocatorReport] = []
  /// Every look-alike of the header that was seen.
  package var candidates: [CandidateReport] = []
  package var warnings: [Finding]
  /// What an s390x kernel left at its fixed places.
  package var s390: S390Handover?
  /// The header that the file brought along, where that one is kept.
  package var stored: StoredCore?

  /// What the Linux kernel says of itself: under Xen that is not what the header has.
  package var linuxInformation: VMCoreInfo? { domainZero?.information ?? vmCoreInfo }

  /// Memory as the second kernel reads it at a `p_offset` of the core header (`read_from_oldmem`,
  /// `fs/proc/vmcore.c`): where the purgatory has not run yet, its backup region shows what it
  /// would hold by then.
  package var oldMemory: PhysicalMemory {
    guard let backup, backup.isStillAtSource else { return imageMemory }
    return imageMemory.redirecting(backup.copy, to: backup.source, of: imageMemory)
  }
}
