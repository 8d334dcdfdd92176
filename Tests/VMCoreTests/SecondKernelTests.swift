import TestSupport
import Testing
import VMCore

@Suite("The second kernel's own memory")
struct SecondKernelTests {
  private static let x86 = """
    arch x86_64
    ram 0x100000-0x600000
    fill 0x110000-0x114000 random 131
    crash 0x200000-0x280000
    crash 0x400000-0x440000
    osrelease 6.1.0
    crashtime 1700001200
    info SYMBOL(_stext)=ffffffff81000000
    info SYMBOL(swapper_pg_dir)=ffffffff82610000
    cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=5
    header 0x27e000
    moment after

    """

  private static let arm64 = """
    arch arm64
    ram 0x40000000-0x40600000
    base 0x40000000
    fill 0x40010000-0x40014000 random 41
    crash 0x40200000-0x40280000
    crash 0x40400000-0x40440000
    cpu 0 running pc=0xffff800008012345 sp=0xffff80000a003e40 pid=0
    osrelease 6.12.9-arm64
    crashtime 1700000300
    info SYMBOL(_stext)=ffff800008010000
    info SYMBOL(swapper_pg_dir)=ffff80000a400000
    info NUMBER(VA_BITS)=48
    header 0x4027e000
    moment after

    """

  /// What a running kernel keeps, at a place in one of the crash regions.
  private static func second(at address: UInt64) -> String {
    let text = "OSRELEASE=6.1.0-second\nPAGESIZE=4096\nSYMBOL(_stext)=ffffffff81000000\n"
    let note = RecipeNote(name: "VMCOREINFO", type: 0, content: Array(text.utf8)).encoded(.little)
    let digits = (note + [UInt8](repeating: 0, count: 12)).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
    return "damage 0x\(String(address, radix: 16)) \(digits)\n"
  }

  private func loads(_ text: String) throws -> [Range<UInt64>] {
    let recipe = try OpenedRecipe(text)
    let dump = try recipe.open {
      $0.selection = .kdump
      $0.base = recipe.built.recipe.base
    }
    #expect(dump.report.system.release == "6.1.0-second")
    #expect(!dump.report.isPartial)
    return dump.report.vmcore.loads.filter { $0.virtualAddress == 0 }
      .map { $0.physicalAddress..<$0.physicalAddress + $0.size }
  }

  @Test(
    "is all that its memory map or its device tree gives it, whichever region it runs in",
    arguments: [0x210000, 0x410000] as [UInt64])
  func told(_ place: UInt64) throws {
    #expect(
      try loads(Self.x86 + Self.second(at: place) + "name-by boot-params 0x220000\n")
        == [0x200000..<0x280000, 0x400000..<0x440000])
    #expect(
      try loads(
        Self.arm64 + Self.second(at: 0x4000_0000 + place) + "name-by device-tree 0x40220000\n")
        == [0x4020_0000..<0x4028_0000, 0x4040_0000..<0x4044_0000])
  }

  @Test("is else all that the crashed kernel's header leaves out")
  func gaps() throws {
    #expect(
      try loads(Self.x86 + Self.second(at: 0x410000) + "name-by nothing\n")
        == [0..<0x100000, 0x200000..<0x280000, 0x400000..<0x440000])
  }
}
