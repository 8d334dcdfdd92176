import CrashedKernel
import Handover
import MemoryImages
import TestSupport

/// The image of a recipe in a file, as the program opens it.
struct OpenedRecipe {
  let built: BuiltImage
  let image: MemoryImage
  private let directory: TemporaryDirectory

  /// Writes the image of a recipe's text and opens it.
  init(_ text: String) throws {
    built = try ImageBuilder.build(parsing: text)
    directory = try TemporaryDirectory()
    try built.write(to: directory.path("image.bin"))
    image = try ImageFormat.open(path: directory.path("image.bin"), options: ImageOptions())
  }

  /// The same for a recipe of testdata, with further lines.
  init(named name: String, adding lines: String = "") throws {
    try self.init(RecipeFiles.text(name) + "\n" + lines)
  }

  /// What the program finds in it.
  func system(_ options: SearchOptions = SearchOptions()) throws(SearchError) -> CrashedSystem {
    try SystemFinder.find(in: image, options)
  }

  /// Why one look-alike lost, whether another header was found or none.
  func rejection(at address: UInt64) -> String? {
    let candidates: [CandidateReport]
    do throws(SearchError) {
      candidates = try system().candidates
    } catch {
      switch error {
      case .notFound(let failure), .ambiguous(let failure): candidates = failure.candidates
      default: return "\(error)"
      }
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
