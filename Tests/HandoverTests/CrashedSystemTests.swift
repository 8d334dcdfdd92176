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
    #expect(offline[0].text.hasPrefix("CPU 1: PT_NOTE 1 at 0x"))
    #expect(
      offline[0].text.hasSuffix("no registers were saved (the CPU was offline or did not answer)"))
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
