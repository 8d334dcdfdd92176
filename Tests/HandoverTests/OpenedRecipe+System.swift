import CrashedKernel
import Handover
import MemoryImages
import TestSupport

extension OpenedRecipe {
  /// The image as the program opens it.
  func image() throws(ImageError) -> MemoryImage {
    try ImageFormat.open(path: path, options: ImageOptions(machines: Architecture.identities))
  }

  /// What the program finds in it.
  func system(_ options: SearchOptions = SearchOptions()) throws -> CrashedSystem {
    try SystemFinder.find(in: image(), options)
  }

  /// Why one look-alike lost, whether another header was found or none.
  func rejection(at address: UInt64) throws -> String? {
    let candidates: [CandidateReport]
    do {
      candidates = try system().candidates
    } catch SearchError.notFound(let failure), SearchError.ambiguous(let failure) {
      candidates = failure.candidates
    }
    return candidates.first { $0.address == address }?.rejection?.text
  }

  /// A machine that breaks no rule, for tests to break one: entries 0 and 1 of its header are
  /// notes, 2 and 3 are loads around the crash region, which begins at 0x200000.
  static let plain = """
    arch x86_64
    ram 0x100000-0x400000
    fill 0x110000-0x114000 random 131
    crash 0x200000-0x280000
    osrelease 6.1.0
    info SYMBOL(_stext)=ffffffff81000000
    cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=5 at=0x302600 buffer=1024
    vmcoreinfo 0x300000
    header 0x27e000
    moment before
    name-by nothing

    """
}
