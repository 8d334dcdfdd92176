import TestSupport
import Testing
import VMCore

@Suite("A dump that is not what it seems")
struct WrongMemoryTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  private static let recipe = RunningMachine.recipe

  /// A kernel's own dump of the recipe's memory with another text for its VMCOREINFO.
  private func dump(
    of recipe: String = recipe, _ change: (String) -> String
  ) throws -> CrashDump {
    let built = try ImageBuilder.build(parsing: recipe)
    let text = change(built.recipe.vmcoreinfo.text(pageSize: 4096, crashed: false))
    let status = RecipeNote(name: "CORE", type: 1, content: [UInt8](repeating: 7, count: 336))
    let note = RecipeNote(name: "VMCOREINFO", type: 0, content: Array(text.utf8))
    let model = ELFFileModel([
      .note(status.encoded(.little) + note.encoded(.little)),
      .load(0x100000, built.memory.read(0x100000, 0x300000)),
    ])
    return try CrashDump(imageAt: directory.file(model.bytes))
  }

  @Test("has its VMCOREINFO kept where the kernel is where that says")
  func sound() throws {
    let dump = try dump { $0 }
    #expect(dump.report.header.isKept)
    #expect(dump.report.warnings.isEmpty)
  }

  @Test(
    "has a VMCOREINFO that is wrong or cut replaced by that of the kernel in its memory",
    arguments: [true, false])
  func replaced(isCut: Bool) throws {
    let dump = try dump {
      isCut
        ? String($0.dropLast(5))
        : $0.replacing("init_uts_ns)=ffffffff80140000", with: "init_uts_ns)=ffffffff80110000")
    }
    #expect(!dump.report.header.isKept)
    let text = String(decoding: try dump.extract(.vmcoreinfo), as: UTF8.self)
    #expect(text.contains("SYMBOL(init_uts_ns)=ffffffff80140000\n"))
    #expect(text.hasSuffix("NUMBER(phys_base)=0\n"))
    #expect(
      dump.report.warningTexts.first?.hasPrefix("the VMCOREINFO of the dump is wrong: ") == true)
  }

  @Test(
    "has a VMCOREINFO that is wrong or cut, and no other in its memory: that is said",
    arguments: [true, false])
  func kept(isCut: Bool) throws {
    let recipe = Self.recipe.replacing("vmcoreinfo 0x150000", with: "vmcoreinfo none")
    let dump = try dump(of: recipe) {
      isCut
        ? String($0.dropLast(5))
        : $0.replacing("init_uts_ns)=ffffffff80140000", with: "init_uts_ns)=ffffffff80110000")
    }
    #expect(dump.report.header.isKept)
    #expect(dump.report.isPartial)
    let doubt =
      isCut ? "its text does not end in a line end" : "at 0x110000 is no kernel's name"
    #expect(
      dump.report.warningTexts == [
        "the VMCOREINFO of the dump is wrong: \(doubt), and no other is in its memory: it is kept "
          + "as it is"
      ])
  }

  @Test("is the head of /proc/kcore, of which nothing can be made")
  func kernelCore() throws {
    var model = ELFFileModel([
      .note(
        RecipeNote(name: "CORE", type: 3, content: [UInt8](repeating: 0, count: 136)).encoded(
          .little)),
      .load(0x100_0000, [], memory: 0x200_0000, file: 0x200_0000),
      .load(0x10_0000, [], memory: 0x3000_0000, file: 0x3000_0000),
    ])
    model.segments[1].virtual = 0xffff_ffff_8100_0000
    model.segments[2].virtual = 0xffff_8880_0010_0000
    var bytes = model.bytes
    for index in 1...2 {
      let place = try #require(model.offset(of: "p_offset", ofSegment: index))
      let offset = model.segments[index].virtual &- 0xffff_8000_0000_0000 &+ 0x1000
      bytes.replaceSubrange(place..<place + 8, with: RecipeOrder.little.bytes(offset, width: 8))
    }
    let path = try directory.file(bytes)
    let error = #expect(throws: VMCoreError.self) { try CrashDump(imageAt: path) }
    #expect(error?.kind == .unusable)
    #expect(error?.description.contains("copy of /proc/kcore") == true)
  }

  /// The memory of a crash region alone, with the second kernel in it.
  private static let second = """
    arch x86_64
    ram 0x100000-0x400000
    crash 0x200000-0x2c0000
    fill 0x230000-0x234000 random 5
    osrelease 6.1.0-second
    crashtime none
    info SYMBOL(_stext)=ffffffff81000000
    info SYMBOL(swapper_pg_dir)=ffffffff82610000
    info SYMBOL(init_uts_ns)=ffffffff81020000
    info NUMBER(phys_base)=-14483456
    system-name 0x250000
    vmcoreinfo 0x260000
    cpu 0 running
    producer kernel
    header 0x200000
    merged 0x270000
    moment after
    name-by nothing
    base 0x200000
    end 0x2c0000
    damage 0x200000 0000000000000000
    """

  @Test("shows only the second kernel's memory, which is refused unless that is asked for")
  func secondKernel() throws {
    let recipe = try OpenedRecipe(Self.second)
    let error = #expect(throws: VMCoreError.self) { try recipe.open { $0.base = 0x200000 } }
    #expect(error?.kind == .unusable)
    #expect(error?.description.contains("shows only the second kernel's memory") == true)
    let dump = try recipe.open {
      $0.base = 0x200000
      $0.selection = .kdump
    }
    #expect(dump.report.system.release == "6.1.0-second")
  }

  @Test("shows only the second kernel's memory, whose log is no crashed kernel's")
  func secondLog() throws {
    let lines = """

      log ring 0x280000 at 0xffffffff81050000
      log-line "I am the second kernel" level=5 caller=0
      """
    let recipe = try OpenedRecipe(Self.second + lines)
    var options = CrashDumpOptions()
    options.base = 0x200000
    let error = #expect(throws: VMCoreError.self) {
      try KernelLog(imageAt: recipe.path, options: options)
    }
    #expect(error?.description.contains("shows only the second kernel's memory") == true)
    options.selection = .kdump
    var log = try KernelLog(imageAt: recipe.path, options: options)
    #expect(try log.next()?.text == Array("I am the second kernel".utf8))
  }
}
