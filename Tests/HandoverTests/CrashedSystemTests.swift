import Bytes
import CrashedKernel
import DumpRecords
import Handover
import MemoryImages
import TestSupport
import Testing

@Suite("What is found in the image of a recipe")
struct CrashedSystemTests {
  /// Recipes that end in a vmcore without an argument.
  private static let names: [String] = RecipeFiles.names.filter { name in
    guard let recipe = try? RecipeParser.parse(RecipeFiles.text(name)) else { return true }
    // An s390x machine without a header in memory has suites of its own.
    return recipe.expectation.status != 65 && recipe.expectation.arguments.isEmpty
      && recipe.s390 == nil
  }

  @Test(
    "The header, the layout, the architecture and the moment are those of the recipe",
    arguments: names)
  func found(_ name: String) throws {
    let opened = try OpenedRecipe(named: name)
    let recipe = opened.built.recipe
    let system = try opened.system()
    #expect(system.headerAddress == recipe.expectation.header)
    #expect(system.layout.base == recipe.base)
    #expect(system.layout.holes == recipe.holes)
    let name = recipe.architecture.name
    #expect(system.architecture?.name == (name == "arm64" ? "aarch64" : name))
    #expect(system.linuxInformation?.release == recipe.vmcoreinfo.release)
    #expect(system.backup?.source == recipe.backup?.source)
    switch recipe.moment {
    case .running: #expect(system.moment.phase == .running)
    case .before: #expect(system.moment.phase == (recipe.backup == nil ? .crashed : .before))
    case .after: #expect(system.moment.phase == .after)
    }
  }

  @Test("Each CPU has the registers that the recipe gave it", arguments: names)
  func processors(_ name: String) throws {
    let opened = try OpenedRecipe(named: name)
    let recipe = opened.built.recipe
    let processors = try opened.system().processors
    let cpus = recipe.cpus.filter { $0.state != .absent }
    #expect(processors.count == cpus.count)
    for (processor, cpu) in zip(processors, cpus) {
      #expect(processor.address == opened.built.range(of: "cpu \(cpu.number)")?.lowerBound)
      let isSaved = cpu.state != .offline && recipe.moment != .running
      #expect(processor.state?.programCounter == (isSaved ? cpu.counter : nil))
      #expect(processor.state?.stackPointer == (isSaved ? cpu.stack : nil))
      #expect(
        (processor.state?.processIdentifier).map(UInt64.init) == (isSaved ? cpu.process : nil))
    }
  }

  @Test("Every architecture has a recipe")
  func architectures() throws {
    let named = try Set(
      RecipeFiles.names.map { try RecipeParser.parse(RecipeFiles.text($0)).architecture.name })
    for architecture in Architecture.all {
      let name = architecture.name == "aarch64" ? "arm64" : architecture.name
      #expect(named.contains(name), "\(name)")
    }
    #expect(RecipeArchitecture.all.count == Architecture.all.count)
  }

  @Test("A CPU that left no notes, and one whose note is cut short, are warned of by number")
  func noteWarnings() throws {
    let offline = try OpenedRecipe(named: "offline-cpu").system().warnings
    #expect(offline.map(\.isPartial) == [false])
    #expect(
      offline[0].text == "1 of 3 CPUs saved no registers (1): they were offline or did not answer")
    #expect(!offline[0].isDamage)
    let opened = try OpenedRecipe(named: "damaged-note")
    let damaged = try opened.system().warnings
    let place = try #require(opened.built.range(of: "cpu 1")).lowerBound
    #expect(damaged.count == 1)
    #expect(
      damaged[0].text.hasPrefix("CPU 1: PT_NOTE 1 at 0x\(String(place, radix: 16)): the note at "))
    #expect(damaged[0].text.contains("claims 0x"))
    let running = try OpenedRecipe(named: "running").system().warnings
    #expect(
      running.map(\.text) == [
        "none of the 2 CPUs has saved registers: the machine had not crashed yet, the vmcore has "
          + "no CPU notes"
      ])
  }

  /// A machine whose symbol table leads to its mask of CPUs: 0, 2 and 5 are in it.
  private static let masked = """
    arch x86_64
    ram 0x100000-0x400000
    fill 0x110000-0x114000 random 131
    crash 0x200000-0x280000
    osrelease 6.1.0
    crashtime 1700000000
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
    symbol crash_notes 0xffffffff80118000
    symbol __per_cpu_offset 0xffffffff80118100
    symbol nr_cpu_ids 0xffffffff80118200
    symbol __cpu_online_mask 0xffffffff80118300
    damage 0x118000 0006000000000000
    damage 0x118100 002030008088ffff003030008088ffff004030008088ffff
    damage 0x118118 005030008088ffff006030008088ffff007030008088ffff
    damage 0x118200 06000000
    damage 0x118300 2500000000000000
    cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=5 at=0x302600
    cpu 1 offline at=0x303600
    cpu 2 offline at=0x304600
    cpu 3 offline at=0x305600
    cpu 4 offline at=0x306600
    cpu 5 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=6 at=0x307600
    header 0x27e000
    moment before
    name-by nothing

    """

  @Test("CPUs that were never up are no damage; one that was up and saved nothing is")
  func onlineMask() throws {
    let warnings = try OpenedRecipe(Self.masked).system().warnings
    #expect(
      warnings.map(\.text) == [
        "3 of 6 CPUs saved no registers (1, 3 to 4): they were not online",
        "1 of 6 CPUs saved no registers (2): they were online and did not answer",
      ])
    #expect(warnings.map(\.isDamage) == [false, true])
    #expect(warnings.allSatisfy { !$0.isPartial })
  }

  @Test("Notes that are not in the image, and a text that is cut, do not say that nothing crashed")
  func unknownMoment() throws {
    let text = Self.masked.replacing("crashtime 1700000000", with: "crashtime none")
      .replacing(/cpu (\d) running [^\n]*(at=\w+)/) { "cpu \($0.1) offline \($0.2)" }
    #expect(try OpenedRecipe(text).system().moment.phase == .running)
    let cut = try OpenedRecipe(text + "end 0x307600\n").system()
    #expect(cut.moment.phase == .unknown)
    #expect(cut.warnings.allSatisfy { !$0.text.contains("had not crashed") })
    #expect(cut.warnings.contains { $0.isPartial && $0.text.hasPrefix("CPU 5: PT_NOTE 5") })
  }

  @Test("Notes outside of the image are warned of with their range, and the dump is partial")
  func notesOutside() throws {
    let opened = try OpenedRecipe(
      OpenedRecipe.plain.replacing("at=0x302600", with: "at=0x3ff000") + "end 0x3ff010\n")
    let warnings = try opened.system().warnings
    #expect(
      warnings.map(\.text) == [
        "CPU 0: PT_NOTE 0 at 0x3ff000: the image does not hold all of [0x3ff000, 0x3ff400)"
      ])
    #expect(warnings.allSatisfy { $0.isPartial })
  }

  @Test("The option --state wins over the evidence")
  func state() throws {
    var options = SearchOptions()
    options.moment = .before
    let after = try OpenedRecipe(named: "x86_64-kexec-tools-after")
    #expect(try after.system().backup?.isStillAtSource == false)
    #expect(try after.system(options).backup?.isStillAtSource == true)
    options.moment = .after
    let before = try OpenedRecipe(named: "x86_64-kexec-tools-before")
    #expect(try before.system().backup?.isStillAtSource == true)
    #expect(try before.system(options).backup?.isStillAtSource == false)
  }

  @Test("The registers of a note that is cut off are none, never half of them")
  func cutRegisters() {
    for architecture in Architecture.all {
      let recipe = RecipeArchitecture.named(
        architecture.name == "aarch64" ? "arm64" : architecture.name)
      let size = recipe?.statusSize ?? 0
      let last =
        RegisterPlaces.registers(wordSize: architecture.wordSize)
        + architecture.wordSize
        * (1 + max(architecture.registers.programCounter, architecture.registers.stackPointer))
      #expect(last <= size)
      for count in 0...size {
        let state = ProcessorState(
          [UInt8](repeating: 1, count: count), architecture: architecture, order: .little)
        #expect((state != nil) == (count >= last), "\(architecture.name), \(count) bytes")
      }
    }
  }
}
