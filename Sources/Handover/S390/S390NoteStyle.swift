internal import CrashedKernel
internal import DumpRecords

/// How the notes of an s390x vmcore differed over the releases (`arch/s390/kernel/crash_dump.c` of
/// each).
struct S390NoteStyle {
  /// Whether the s390 notes are named `LINUX`; `CORE` before 4.2 and from 4.4 to 4.17.
  let namesLinux: Bool
  /// Bytes of NT_S390_TODPREG: from 4.4 to 5.17 the register and four bytes behind it.
  let todRegisterSize: Int
  /// The order of the vector notes; empty before 4.0.
  let vectorNotes: [NoteType]

  init(_ release: KernelRelease?) {
    let release = release ?? KernelRelease(6, 1)
    namesLinux =
      release >= KernelRelease(4, 18)
      || (release >= KernelRelease(4, 2) && release < KernelRelease(4, 4))
    let isWide = release >= KernelRelease(4, 4) && release < KernelRelease(5, 18)
    todRegisterSize = isWide ? 8 : 4
    vectorNotes =
      if release < KernelRelease(4, 0) {
        []
      } else if release < KernelRelease(4, 4) {
        [.s390VectorLow, .s390VectorHigh]
      } else {
        [.s390VectorHigh, .s390VectorLow]
      }
  }
}
