import TestSupport
import Testing
import VMCore

@Suite("QEMU's migration streams give the vmcore of the raw image")
struct MigrationTests {
  private static let devices = [
    MigrationModel.Block("vga.vram", [UInt8](repeating: 0x11, count: 0x4000)),
    MigrationModel.Block("/rom@etc/acpi/tables", [UInt8](repeating: 0x22, count: 0x2000)),
    MigrationModel.Block("0000:00:02.0/qxl.ram", [UInt8](repeating: 0x33, count: 0x1000)),
  ]

  /// What has neither a slash in its name nor one of QEMU's names of RAM.
  private static let firmware = [
    MigrationModel.Block("pc.bios", [UInt8](repeating: 0x66, count: 0x1000)),
    MigrationModel.Block("virt.flash0", [UInt8](repeating: 0x77, count: 0x1000)),
    MigrationModel.Block("tpm-ppi", [UInt8](repeating: 0x88, count: 0x1000)),
  ]

  @Test("Pages of every kind", arguments: MigrationModel.Pages.allCases)
  func pages(_ pages: MigrationModel.Pages) throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    var model = MigrationModel(
      machine: "pc-i440fx-7.2", [.init("pc.ram", recipe.parts.joined)] + Self.devices)
    model.pages = pages
    model.hasOtherSections = true
    let report = try recipe.expectVMCore(of: model.bytes)
    #expect(report.image.format == "QEMU savevm")
    #expect(report.image.layout == "machine pc")
    #expect(!report.warningTexts.contains { $0.contains("stream") })
    // What a volume has behind the stream does not matter.
    try recipe.expectVMCore(of: model.bytes + [UInt8](repeating: 0, count: 8192))
  }

  @Test(
    "RAM lies where the machine has it",
    arguments: [
      ("arm64", "virt-7.2", "mach-virt.ram"), ("arm64", "virt-9.1", "mem0"),
      ("riscv64", "virt", "riscv_virt_board.ram"),
      ("s390x-after", "s390-ccw-virtio-7.2", "s390.ram"),
      ("ppc64le", "pseries-7.2", "ppc_spapr.ram"), ("readme", "pc-q35-8.0", "/objects/mem"),
      ("readme", "pc-i440fx-2.4", "/objects/pc.ram"), ("readme", "pc-q35-3.1", "/objects/mem.0"),
      ("readme", "pc-q35-8.0", "guest.memory0"), ("arm64", "virt-3.1", "/objects/mach-virt.ram"),
      ("readme", "microvm", "microvm.ram"), ("arm64", "unheard-of", "mem"),
    ])
  func machines(_ recipe: String, _ machine: String, _ block: String) throws {
    let recipe = try FormatRecipe(recipe)
    let model = MigrationModel(
      machine: machine, Self.devices + Self.firmware + [.init(block, recipe.parts.joined)])
    try recipe.expectVMCore(of: model.bytes)
  }

  @Test(
    "Bitmaps of mapped-ram are read in the byte order of the host",
    arguments: [
      ("s390x-after", "s390-ccw-virtio-9.0", "s390.ram", RecipeOrder.big, 0xbb, 0),
      ("s390x-after", "s390-ccw-virtio-9.0", "s390.ram", .little, 0, 0),
      ("x86_64-kernel-after", "pc-q35-9.0", "pc.ram", .big, 0, 0),
      ("x86_64-kernel-after", "pc-q35-9.0", "pc.ram", .big, 0xbb, 5),
      ("ppc64le", "pseries-9.0", "ppc_spapr.ram", .little, 0xbb, 0),
    ] as [(String, String, String, RecipeOrder, UInt8, Int)])
  func hosts(
    _ name: String, _ machine: String, _ block: String, _ order: RecipeOrder, _ stale: UInt8,
    _ more: Int
  ) throws {
    let recipe = try FormatRecipe(name)
    // Pages that do not fill a word of the bitmap.
    let padding = [UInt8](repeating: 7, count: more * 4096)
    var model = MigrationModel(machine: machine, [.init(block, recipe.parts.joined + padding)])
    model.pages = .mapped
    model.hostOrder = order
    model.stale = stale
    try recipe.expectVMCore(of: model.bytes)
  }

  @Test(
    "Pages of a size that is not told, and memory of the board beside the RAM",
    arguments: [1 << 10, 1 << 13, 1 << 14], MigrationModel.Pages.allCases)
  func untoldPages(_ size: Int, _ pages: MigrationModel.Pages) throws {
    let recipe = try FormatRecipe("arm64")
    for (machine, ram) in [("orangepi-pc", "ram"), ("board", "vexpress.highmem")] {
      let board = [MigrationModel.Block("sram A1", [UInt8](repeating: 5, count: size))]
      let blocks = [.init(ram, recipe.parts.joined)] + board + Self.devices
      // Whole pages.
      let padded = blocks.map { block in
        let rest = (size - block.bytes.count % size) % size
        return MigrationModel.Block(block.name, block.bytes + [UInt8](repeating: 0, count: rest))
      }
      var model = MigrationModel(machine: machine, padded)
      model.pageSize = size
      model.tellsPageSize = false
      model.pages = pages
      try recipe.expectVMCore(of: model.bytes)
    }
  }

  @Test(
    "Addresses and page sizes in the list of blocks are told apart",
    arguments: [[0, 0, 0, 0], [0x4000_0000, 1 << 32, 0x10_0000, 0x2000]] as [[UInt64]],
    [nil, 0x20_0000] as [UInt64?])
  func addresses(_ addresses: [UInt64], _ largePage: UInt64?) throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    var model = MigrationModel(
      machine: "pc-q35-7.2", Self.devices + [.init("pc.ram", recipe.parts.joined)])
    model.addresses = addresses
    model.largePage = largePage
    try recipe.expectVMCore(of: model.bytes)
  }

  @Test("Memory that was plugged in is said to be left out", arguments: ["pc.ram", "mem0"])
  func plugged(_ ram: String) throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    let model = MigrationModel(
      machine: "pc-q35-7.2",
      [
        .init("memdimm0", [UInt8](repeating: 4, count: 0x40000)), .init(ram, recipe.parts.joined),
      ] + Self.devices)
    let report = try recipe.expectVMCore(
      of: recipe.directory.file(model.bytes), isPartial: true)
    let text = "memdimm0 (0x40000 bytes): it is left out"
    #expect(report.warningTexts.contains { $0.contains(text) })
  }

  @Test("Nodes of RAM follow one another by their numbers")
  func nodes() throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    let blocks = recipe.ranges(of: 0x40000).enumerated().map { number, part in
      MigrationModel.Block("ram-node\(number)", part.bytes)
    }
    #expect(blocks.count > 10)
    let model = MigrationModel(machine: "pc-q35-7.2", blocks.sorted { $0.name < $1.name })
    try recipe.expectVMCore(of: model.bytes)
  }

  @Test("Blocks whose names tell nothing are in the order of the stream")
  func names() throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    let ram = recipe.parts.joined
    let more = [UInt8](repeating: 0x44, count: 0x40000)
    let blocks = MigrationModel(machine: "pc-q35-7.2", [.init("m0", ram), .init("h", more)])
    try recipe.expectVMCore(of: blocks.bytes)
  }

  @Test(
    "Blocks whose names tell no order, or a wrong one, lie as the memory shows",
    arguments: [["zz", "aa"], ["m1", "m0"]])
  func orders(_ names: [String]) throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    let ram = recipe.parts.joined
    let blocks = [
      MigrationModel.Block(names[0], Array(ram[..<0x18_0000])),
      .init(names[1], Array(ram[0x18_0000...])),
    ]
    let model = MigrationModel(machine: "pc-q35-7.2", blocks.reversed() + Self.devices)
    let report = try recipe.expectVMCore(of: model.bytes)
    #expect(report.image.layout == "machine q35, blocks \(names[0]), \(names[1])")
  }

  @Test("Blocks whose order nothing shows are taken in a likely one, and that is said")
  func openOrder() throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    let ram = recipe.parts.joined
    // All that proves something is in the first.
    let model = MigrationModel(
      machine: "pc-q35-7.2",
      [
        .init("m", Array(ram[..<0x34_0000])), .init("t", Array(ram[0x34_0000..<0x3c_0000])),
        .init("a", Array(ram[0x3c_0000...])),
      ])
    let report = try recipe.expectVMCore(of: recipe.directory.file(model.bytes), isPartial: true)
    let text = "which of 2 orders of its blocks is right: taken as machine q35, blocks m, t, a"
    #expect(report.warningTexts.contains { $0.contains(text) }, "\(report.warningTexts)")
  }

  @Test("Pages of 64 KiB, and a stream without a machine's name")
  func pageSize() throws {
    let recipe = try FormatRecipe("arm64")
    var model = MigrationModel(machine: "virt-7.2", [.init("mach-virt.ram", recipe.parts.joined)])
    model.pageSize = 65_536
    try recipe.expectVMCore(of: model.bytes)
    let other = try FormatRecipe("readme")
    try other.expectVMCore(
      of: MigrationModel(machine: "", [.init("pc.ram", other.parts.joined)]).bytes)
  }

  @Test("A file of virsh save", arguments: [RecipeOrder.little, .big], [false, true])
  func libvirt(_ order: RecipeOrder, _ isMapped: Bool) throws {
    let recipe = try FormatRecipe("x86_64-kexec-tools-before")
    var model = MigrationModel(machine: "pc-q35-7.2", [.init("pc.ram", recipe.parts.joined)])
    model.pages = isMapped ? .mapped : .plain
    let report = try recipe.expectVMCore(
      of: model.libvirt(order: order, format: isMapped ? 6 : 0))
    #expect(report.image.format == "libvirt save")
  }

  @Test(
    "A packed one names what unpacks it",
    arguments: [
      (1, "| gzip -dc"), (3, "| xz -dc"), (4, "| lzop -dc"), (5, "| zstd -dc"), (9, "9)"),
    ]
      as [(UInt64, String)])
  func packed(_ format: UInt64, _ text: String) throws {
    let directory = try TemporaryDirectory()
    let model = MigrationModel(machine: "pc", [.init("pc.ram", [UInt8](repeating: 1, count: 4096))])
    let path = try directory.file(model.libvirt(format: format))
    let error = #expect(throws: VMCoreError.self) { try CrashDump(imageAt: path) }
    #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
  }

  @Test("A stream that is cut off gives what was sent, and says so")
  func cut() throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    let model = MigrationModel(machine: "pc-q35-7.2", [.init("pc.ram", recipe.parts.joined)])
    let bytes = model.bytes
    let path = try recipe.directory.file(Array(bytes[..<(bytes.count - 5000)]))
    let dump = try CrashDump(imageAt: path)
    #expect(dump.report.isPartial)
    #expect(
      dump.report.warningTexts.contains { $0.hasPrefix("the stream ends before its section 'ram'") }
    )
  }

  @Test("A stream that lacks only its end lacks no RAM", arguments: [false, true])
  func cutBeforeEnd(_ isMapped: Bool) throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    var model = MigrationModel(machine: "pc-q35-7.2", [.init("pc.ram", recipe.parts.joined)])
    model.pages = isMapped ? .mapped : .plain
    let bytes = model.bytes.dropLast(model.countBehindRAM + 10)
    let report = try recipe.expectVMCore(of: recipe.directory.file(Array(bytes)), isPartial: true)
    let text = "'ram' does: no page of the RAM is lacking"
    #expect(report.warningTexts.contains { $0.contains(text) }, "\(report.warningTexts)")
  }

  @Test(
    "With mapped-ram what was listed before the end is there",
    arguments: ["vga.vram", "/rom@etc/acpi/tables"])
  func cutInList(_ block: String) throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    var model = MigrationModel(
      machine: "pc-q35-9.0", [.init("pc.ram", recipe.parts.joined)] + Self.devices)
    model.pages = .mapped
    let bytes = model.bytes
    let name = Array(block.utf8)
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
    let end = "the stream ends inside its list of blocks"
    for cut in [place - 1, place + 3, place + name.count + 8 + 28] {
      let report = try recipe.expectVMCore(
        of: recipe.directory.file(Array(bytes[..<cut])), isPartial: true)
      #expect(report.warningTexts.contains { $0.hasPrefix(end) }, "\(report.warningTexts)")
    }
    // Inside its own pages.
    let dump = try CrashDump(imageAt: recipe.directory.file(Array(bytes[..<0x38_0000])))
    #expect(dump.report.isPartial)
    #expect(dump.report.warningTexts.contains { $0.contains("bytes of RAM are lacking") })
    #expect(dump.report.warningTexts.contains { $0.hasPrefix(end) })
  }

  @Test("A stream whose writer did not come to the bitmaps has the pages that stand there")
  func withoutBitmaps() throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    var model = MigrationModel(machine: "pc-q35-9.0", [.init("pc.ram", recipe.parts.joined)])
    model.pages = .mapped
    model.stale = 0
    let name = Array("pc.ram".utf8)
    var bytes = model.bytes.dropLast(model.countBehindRAM + 10)
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
    let bitmap = place + name.count + 8 + 28
    let count = recipe.parts.joined.count / 4096 / 8
    bytes.replaceSubrange(bitmap..<bitmap + count, with: repeatElement(0, count: count))
    let report = try recipe.expectVMCore(of: recipe.directory.file(Array(bytes)), isPartial: true)
    let text = "the bitmaps of pc.ram mark no page yet"
    #expect(report.warningTexts.contains { $0.contains(text) }, "\(report.warningTexts)")
  }

  @Test("A node counts only where all before it are listed")
  func cutBeforeNode() throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    let ram = recipe.parts.joined
    var model = MigrationModel(
      machine: "pc-q35-9.0",
      [
        .init("ram-node1", Array(ram[0x18_0000...])), .init("ram-node0", Array(ram[..<0x18_0000])),
      ])
    model.pages = .mapped
    try recipe.expectVMCore(of: model.bytes)
    let path = try recipe.directory.file(Array(model.bytes[..<0x20_0000]))
    let error = #expect(throws: VMCoreError.self) { try CrashDump(imageAt: path) }
    let text = "no RAM is in the stream's section 'ram': the file ends inside its list of blocks"
    #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
  }
}
