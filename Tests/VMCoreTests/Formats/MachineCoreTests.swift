import TestSupport
import Testing
import VMCore

@Suite("Cores and snapshots of virtual machines give the vmcore of the raw image")
struct MachineCoreTests {
  @Test("A core of Xen", arguments: [false, true], [false, true])
  func xen(_ isParavirtual: Bool, _ isUnordered: Bool) throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    var model = XenCoreModel(recipe.parts)
    model.isParavirtual = isParavirtual
    model.isUnordered = isUnordered
    let report = try recipe.expectVMCore(of: model.bytes)
    #expect(report.image.format == "Xen core")
  }

  @Test("A core of Xen without its table is refused in words")
  func xenCut() throws {
    let recipe = try FormatRecipe("readme")
    let bytes = XenCoreModel(recipe.parts).bytes
    let path = try recipe.directory.file(Array(bytes[..<(bytes.count / 2)]))
    let error = #expect(throws: VMCoreError.self) { try CrashDump(imageAt: path) }
    let text = "ends at 0x\(String(bytes.count / 2, radix: 16)), before its table at "
    #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
  }

  /// What `debugvm dumpvmcore` writes: names without their NUL, padded to 8 bytes, memory of
  /// devices without data, ROM below 4 GiB.
  @Test("A core of VirtualBox", arguments: FormatRecipe.names)
  func virtualBox(_ name: String) throws {
    let recipe = try FormatRecipe(name)
    func note(_ name: String, _ type: UInt64, _ content: [UInt8]) -> [UInt8] {
      let order = RecipeOrder.little
      let head =
        order.bytes(UInt64(name.utf8.count), width: 4)
        + order.bytes(UInt64(content.count), width: 4) + order.bytes(type, width: 4)
      let text = Array(name.utf8) + [UInt8](repeating: 0, count: (8 - name.utf8.count % 8) % 8)
      return head + text + content + [UInt8](repeating: 0, count: (8 - content.count % 8) % 8)
    }
    var model = ELFFileModel([
      .note(
        note("VBCORE", 0xb00, [UInt8](repeating: 0xc0, count: 28))
          + note("VBCPU", 0xb01, [UInt8](repeating: 7, count: 1200)))
    ])
    for part in recipe.ranges(of: 0x51000) {
      model.segments.append(.load(part.address, part.bytes))
    }
    model.segments.append(.load(0xe000_0000, [], memory: 0x10_0000))
    model.segments.append(.load(0xfffc_0000, [UInt8](repeating: 0xf4, count: 0x1000)))
    var bytes = model.bytes
    bytes[6] = 0
    try recipe.expectVMCore(of: bytes, named: "vbox")
  }

  @Test("The core of a protected guest is refused, with what decrypts it")
  func protected() throws {
    var bytes = XenCoreModel([MemoryPart(0, [UInt8](repeating: 1, count: 4096))]).bytes
    // Program headers are counted, and a section's name is another one.
    bytes[56] = 1
    bytes[32] = 64
    let name = Array(".note.Xen".utf8)
    let place = try #require(
      bytes.indices.first { bytes[$0...].starts(with: name) })
    bytes.replaceSubrange(place..<place + 9, with: Array("pv_compl\0".utf8))
    let directory = try TemporaryDirectory()
    let path = try directory.file(bytes)
    let error = #expect(throws: VMCoreError.self) { try CrashDump(imageAt: path) }
    #expect(error?.description.contains("is the core of a protected guest") == true)
  }

  private static func state(_ parts: [MemoryPart], _ form: Int) -> [UInt8] {
    let ranges = parts.map { "{\"gpa\":\($0.address),\"length\":\($0.bytes.count)}" }
    var inner = "{\"memory_ranges\":{\"data\":[\(ranges.joined(separator: ","))]}}"
    switch form {
    case 0: inner = "{\"state\":\(inner)}"
    case 1: inner = "{\"state\":\"\(inner.replacing("\"", with: "\\\""))\"}"
    default: inner = "{\"snapshot\":[\(inner.utf8.map { "\($0)" }.joined(separator: ", "))]}"
    }
    return Array(
      "{\"id\":\"vm\",\"snapshots\":{\"memory-manager\":{\"snapshot_data\":\(inner)}}}\n".utf8)
  }

  @Test("A snapshot of cloud-hypervisor, of which either file is given", arguments: [0, 1, 2])
  func cloudHypervisor(_ form: Int) throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    // The hole of device memory is no part of the file.
    let whole = recipe.parts.joined
    let parts = [
      MemoryPart(0, Array(whole[..<0xa0000])), MemoryPart(0x10_0000, Array(whole[0x10_0000...])),
    ]
    try recipe.directory.file(parts.joined, named: "memory-ranges")
    try recipe.directory.file(Self.state(parts, form), named: "state.json")
    for name in ["memory-ranges", "state.json"] {
      let report = try recipe.expectVMCore(of: recipe.directory.path(name))
      #expect(report.image.format == "cloud-hypervisor snapshot")
      #expect(report.image.notices.contains { $0.contains("which is beside it") })
    }
  }

  @Test("A snapshot of Firecracker, with its state beside it or named")
  func firecracker() throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    let state: [UInt8] =
      [0, 0, 0x64, 0x86, 0x84, 0x19, 0x10, 0x07] + [UInt8](repeating: 3, count: 90)
    let memory = try recipe.directory.file(recipe.parts.joined, named: "mem_file")
    let report = try recipe.expectVMCore(of: memory)
    #expect(report.image.format == "raw")
    let path = try recipe.directory.file(state, named: "snapshot_file")
    #expect(try recipe.expectVMCore(of: memory).image.format == "Firecracker snapshot")
    let other = try recipe.directory.file(state, named: "other")
    var options = CrashDumpOptions()
    options.parts = [other]
    try recipe.expectVMCore(of: memory, options)
    let error = #expect(throws: VMCoreError.self) { try CrashDump(imageAt: path) }
    #expect(error?.description.contains("its memory is in the other file") == true)
  }

  @Test(
    "Parts of a phone's memory, which a list or a script names",
    arguments: ["dump_info.txt", "load.cmm"])
  func ramdump(_ list: String) throws {
    let recipe = try FormatRecipe("arm64")
    let parts = recipe.ranges(of: 0x15_0000)
    var lines = ["pref base               length       region              file name"]
    for (index, part) in parts.enumerated() {
      let name = "DDRCS\(index)_0.BIN"
      try recipe.directory.file(part.bytes, named: name)
      let address = "0x" + String(part.address, radix: 16)
      lines.append(
        list == "load.cmm"
          ? "if OS.FILE(\(name))\n(\n  d.load.binary \(name) \(address) /noclear\n)"
          : "1    \(address)    \(part.bytes.count)   \"DDR CS\(index) Memory\"  (null) \(name)")
    }
    lines.append("1 0x14680000 4096 \"OCIMEM\" OCIMEM.BIN")
    lines.append("d.load.binary OCIMEM.BIN 0x14680000 /noclear")
    lines.append("2 0x0 7 \"CMM Script\" load.cmm")
    try recipe.directory.file(Array(lines.joined(separator: "\r\n").utf8), named: list)
    for name in [list, "DDRCS0_0.BIN"] {
      let report = try recipe.expectVMCore(of: recipe.directory.path(name))
      #expect(report.image.format == "RAM dump set")
    }
  }

  @Test("A list may have its names in other letters", arguments: ["DDRCS0_0.BIN", "ddrcs0_0.bin"])
  func letters(_ name: String) throws {
    let recipe = try FormatRecipe("arm64")
    let bytes = recipe.parts.joined
    try recipe.directory.file(bytes, named: name)
    let list = "1 0x40000000 \(bytes.count) \"DDR CS0 Memory\" DDRCS0_0.BIN"
    try recipe.expectVMCore(of: recipe.directory.file(Array(list.utf8), named: "dump_info.txt"))
  }

  @Test("Of two files with the same memory the first one counts")
  func overlap() throws {
    let recipe = try FormatRecipe("arm64")
    let bytes = recipe.parts.joined
    try recipe.directory.file(bytes, named: "DDRCS0_0.BIN")
    try recipe.directory.file([UInt8](repeating: 9, count: 0x3000), named: "DDRCS0_1.BIN")
    let list = """
      1 0x40000000 \(bytes.count) "DDR CS0 Memory" DDRCS0_0.BIN
      1 0x40001000 12288 "DDR CS0 Memory" DDRCS0_1.BIN
      """
    let path = try recipe.directory.file(Array(list.utf8), named: "dump_info.txt")
    let report = try recipe.expectVMCore(of: path)
    let text = "DDRCS0_1.BIN at 0x40001000 is in another"
    #expect(report.warningTexts.contains { $0.contains(text) })
  }

  @Test("A board's script with ranges; a file that is lacking is said")
  func script() throws {
    let recipe = try FormatRecipe("arm64")
    let bytes = recipe.parts.joined
    try recipe.directory.file(bytes, named: "ram0.bin")
    let script = """
      ; made by hand
      Data.LOAD.Binary "&dir\\ram0.bin" A:0x40000000--0x403fffff
      data.load.binary ram1.bin 0x80000000++0xfffff
      """
    let path = try recipe.directory.file(Array(script.utf8), named: "attach.cmm")
    let dump = try CrashDump(imageAt: path)
    #expect(try difference(dump.allBytes(), recipe.built.expectedVMCore()) == nil)
    #expect(dump.report.isPartial)
    #expect(dump.report.warningTexts.contains { $0.hasSuffix("ram1.bin, which is not there") })
  }
}
