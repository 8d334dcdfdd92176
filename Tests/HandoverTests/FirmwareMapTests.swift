import Handover
import MemoryImages
import TestSupport
import Testing

@Suite("A firmware's map of memory")
struct FirmwareMapTests {
  /// A PC with 16 MiB, and 4 MiB behind a stretch that the firmware keeps: that one is so long that
  /// the two are no piece.
  private static let recipe = """
    arch x86_64
    ram 0x0-0x9fc00
    ram 0x100000-0x1000000
    ram 0x9000000-0x9400000
    memory-map 0x80000 0x0-0x9fc00 ram 0x100000-0x1000000 ram 0x1000000-0x9000000 reserved \
    0x9000000-0x9400000 ram
    fill 0x110000-0x114000 random 131
    fill 0x9010000-0x9014000 random 132
    crash 0x200000-0x280000
    osrelease 6.1.0
    crashtime 1700001200
    info SYMBOL(_stext)=ffffffff80110000
    info SYMBOL(swapper_pg_dir)=ffffffff80160000
    info SYMBOL(init_uts_ns)=ffffffff80140000
    info NUMBER(phys_base)=0
    system-name 0x140000
    cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=5
    header 0x260000
    moment before

    """

  @Test("with a reserved stretch from one piece of memory to the next tells the layout")
  func reservedBetween() throws {
    let whole = try OpenedRecipe(Self.recipe).system()
    #expect(whole.headerAddress == 0x260000)
    #expect(whole.layout == .identity)
    let parts = try OpenedRecipe(Self.recipe + "hole 0x1000000-0x9000000\n").system()
    #expect(parts.headerAddress == 0x260000)
    #expect(parts.layout.holes == [0x100_0000..<0x900_0000])
    #expect(parts.memory.holds(0x901_0000..<0x901_4000))
  }
}
