import Bytes
import CrashedKernel
import DumpRecords
import Handover
import TestSupport
import Testing

@Suite("What the second kernel's own header shows of it")
struct MergedLayoutTests {
  private static func recipe(_ architecture: String, _ lines: String) -> String {
    """
    arch \(architecture)
    ram 0x100000-0x400000
    fill 0x110000-0x114000 random 131
    crash 0x200000-0x280000
    osrelease 6.1.0
    crashtime 1700001200
    info SYMBOL(_stext)=1000
    cpu 0 running pc=0x1012345 sp=0xc0003e48 pid=5
    header 0x270000
    moment after
    name-by nothing
    \(lines)

    """
  }

  @Test(
    "Its page size and layout are read from its offsets",
    arguments: ["x86_64", "i386", "ppc64", "mips"],
    [("3.2.0", 4096), ("4.0.0", 4096), ("6.8.0", 16384), ("6.1.0", 65536)] as [(String, UInt64)])
  func layouts(architecture: String, second: (release: String, page: UInt64)) throws {
    let text = Self.recipe(
      architecture, "second-kernel \(second.release) \(second.page)\nload set 2 memsz=0xff123")
    let layout = try #require(try OpenedRecipe(text).system().mergedLayout)
    #expect(layout.pageSize == (second.release == "3.2.0" ? nil : second.page))
    #expect(layout.noteAlignment == (second.release == "6.8.0" ? 4 : 0))
  }

  @Test("It is read, too, where the user names the core header")
  func option() throws {
    var options = SearchOptions()
    options.coreHeader = ELFCoreHeaderParameter(address: 0x270000)
    let text = Self.recipe("arm64", "second-kernel 6.8.0 65536")
    let layout = try #require(try OpenedRecipe(text).system(options).mergedLayout)
    #expect(layout.pageSize == 65536)
  }

  @Test("One that was overwritten in part shows nothing")
  func damaged() throws {
    let text = Self.recipe("x86_64", "second-kernel 6.8.0\nmerged 0x220000\n")
    let sound = try OpenedRecipe(text).system()
    #expect(sound.mergedLayout?.address == 0x220000)
    // The p_offset of the first load.
    let damaged = try OpenedRecipe(text + "damage 0x220080 00112233\n").system()
    #expect(damaged.mergedHeader == 0x220000)
    #expect(damaged.mergedLayout == nil)
  }
}
