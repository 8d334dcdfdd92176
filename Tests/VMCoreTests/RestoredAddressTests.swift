import TestSupport
import Testing
import VMCore

@Suite("A kdump-compressed dump as an ELF vmcore")
struct RestoredAddressTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  /// A kernel whose symbols tell how large its image is.
  private static let x86 = """
    arch x86_64
    ram 0x100000-0x400000
    fill 0x110000-0x114000 random 131
    fill 0x300000-0x304000 counter
    crash 0x200000-0x280000
    osrelease 6.1.0
    crashtime 1700001200
    info SYMBOL(_stext)=ffffffff80110000
    info SYMBOL(init_uts_ns)=ffffffff80140000
    info OFFSET(uts_namespace.name)=0
    info NUMBER(phys_base)=0
    system-name 0x140000
    kernel-symbols 0x120000 at 0xffffffff80120000
    symbol _text 0xffffffff80100000
    symbol _stext 0xffffffff80110000
    symbol _end 0xffffffff80150000
    symbol init_uts_ns 0xffffffff80140000
    cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=5
    producer kernel
    kernel-text 0xffffffff80100000 0x100000 0x50000
    header 0x200000
    moment after
    name-by boot-params 0x210000

    """

  /// A kernel without a symbol table: vmcoreinfo tells of image and direct map.
  private static let arm64 = """
    arch arm64
    ram 0x40000000-0x40400000
    base 0x40000000
    fill 0x40010000-0x40014000 random 41
    crash 0x40200000-0x40300000
    cpu 0 running pc=0xffff800008012345 sp=0xffff80000a003e40 pid=0
    osrelease 5.10.0-arm64
    crashtime 1700000300
    info SYMBOL(_stext)=ffff800008010000
    info SYMBOL(init_uts_ns)=ffff800008020000
    info OFFSET(uts_namespace.name)=0
    system-name 0x40120000
    info SYMBOL(swapper_pg_dir)=ffff80000803f000
    info NUMBER(VA_BITS)=48
    info NUMBER(kimage_voffset)=0xffff7fffc7f00000
    info NUMBER(PHYS_OFFSET)=0x40000000
    producer kernel
    kernel-text 0xffff800008000000 0x40100000 0x100000
    header 0x402f0000
    moment after
    name-by device-tree 0x40280000

    """

  private func converted(_ recipe: OpenedRecipe) throws -> (first: CrashDump, again: CrashDump) {
    var options = CrashDumpOptions()
    options.base = recipe.built.recipe.base
    let first = try CrashDump(imageAt: recipe.path, options: options)
    var output = OutputOptions()
    output.format = .kdump
    try first.write(toFileAt: directory.path("packed"), as: output, mayReplace: true)
    return (first, try CrashDump(imageAt: directory.path("packed")))
  }

  @Test("has the addresses that its kernel gave its memory", arguments: [x86, arm64])
  func restored(_ text: String) throws {
    let (first, again) = try converted(OpenedRecipe(text))
    #expect(again.report.header.isKept)
    #expect(again.report.vmcore.loads == first.report.vmcore.loads)
    #expect(try again.allBytes() == first.allBytes())
    #expect(again.report.warningTexts.isEmpty)
    // Its own copy is what it was.
    let before = try directory.bytes(of: "packed")
    var output = OutputOptions()
    output.format = .kdump
    try again.write(toFileAt: directory.path("copy"), as: output)
    #expect(try directory.bytes(of: "copy") == before)
  }

  @Test("says that they are gone where nothing proves them")
  func gone() throws {
    let text = Self.x86.replacing("info SYMBOL(init_uts_ns)=ffffffff80140000\n", with: "")
    let (_, again) = try converted(OpenedRecipe(text))
    #expect(
      again.report.vmcore.loads.map(\.virtualAddress)
        == again.report.vmcore.loads.map(\.physicalAddress))
    #expect(
      again.report.warningTexts.contains {
        $0.contains("the dump's format keeps no virtual addresses")
      })
    #expect(!again.report.isPartial)
    var options = CrashDumpOptions()
    options.isStrict = true
    #expect(throws: Never.self) {
      try CrashDump(imageAt: directory.path("packed"), options: options)
    }
  }

  @Test("Every text of a header is filled, and so is the base of the image")
  func header() throws {
    // The kernel's own name is not in memory, nor does vmcoreinfo say phys_base.
    let text = Self.x86.replacing("info SYMBOL(init_uts_ns)=ffffffff80140000\n", with: "")
      .replacing("info NUMBER(phys_base)=0\n", with: "")
      .replacing("0xffffffff80100000 0x100000 0x50000", with: "0xffffffff81000000 0x100000 0x50000")
    _ = try converted(OpenedRecipe(text))
    let model = try #require(KdumpModel(directory.bytes(of: "packed")))
    #expect(model.names == ["Linux", "(none)", "6.1.0", "(unknown)", "x86_64", "(none)"])
    #expect(model.physicalBase == 0x100000 &- 0x1000000)
    let arm = Self.arm64.replacing("info SYMBOL(init_uts_ns)=ffff800008020000\n", with: "")
      .replacing("info NUMBER(PHYS_OFFSET)=0x40000000\n", with: "")
    _ = try converted(OpenedRecipe(arm))
    let other = try #require(KdumpModel(directory.bytes(of: "packed")))
    #expect(other.names[4] == "aarch64")
    #expect(other.physicalBase == 0x4000_0000)
  }
}
