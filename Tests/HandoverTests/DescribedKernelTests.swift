import Bytes
import CrashedKernel
import DumpRecords
import Handover
import MemoryImages
import TestSupport
import Testing

@Suite("The kernel whose log is asked for")
struct DescribedKernelTests {
  private static let recipe = RunningMachine.recipe

  private func release(
    _ recipe: OpenedRecipe, _ change: (inout SearchOptions) -> Void = { _ in }
  ) throws -> String? {
    var options = SearchOptions()
    change(&options)
    return try SystemFinder.kernel(in: recipe.image(), options).information.release
  }

  @Test("is the one that a note in memory describes, where there is no header")
  func described() throws {
    let recipe = try OpenedRecipe(Self.recipe)
    #expect(try release(recipe) == "6.1.0-test")
    #expect(try release(recipe) { $0.fallback = .refuse } == "6.1.0-test")
  }

  @Test("is that of either of two headers that nothing separates")
  func ambiguous() throws {
    let name = """
      info SYMBOL(init_uts_ns)=ffffffff80140000
      info NUMBER(phys_base)=0
      system-name 0x140000

      """
    let recipe = try OpenedRecipe(named: "ambiguous", adding: name)
    #expect(throws: SearchError.self) { try recipe.system() }
    #expect(try release(recipe) == recipe.built.recipe.vmcoreinfo.release)
  }

  @Test("is none where the header that is named is none")
  func wrongOption() throws {
    let recipe = try OpenedRecipe(Self.recipe)
    let error = #expect(throws: SearchError.self) {
      try release(recipe) { $0.coreHeader = ELFCoreHeaderParameter(address: 0x123000) }
    }
    guard case .corrupt = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("is none where the second kernel's memory is asked for and there is none")
  func otherSelection() throws {
    let recipe = try OpenedRecipe(Self.recipe)
    #expect(throws: SearchError.self) { try release(recipe) { $0.selection = .kdump } }
  }

  @Test("is none where nothing proves how the file lies in memory")
  func openLayout() throws {
    var machine = LargeMachine(lowEnd: 0xb000_0000, moment: .after)
    machine.notes = 0x500_0000
    machine.kexecImage = 0x600_0000
    machine.part = .node(end: 0x1_2000_0000)
    let recipe = try OpenedRecipe(machine.text)
    let error = #expect(throws: SearchError.self) { try release(recipe) }
    guard case .layoutOpen(let failure) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(!failure.choices.isEmpty)
  }
}
