import Testing

@Suite("The command line")
struct CommandLineTests {
  @Test(
    "does what its scripts say", arguments: Checkout.names(in: "testdata/cli", withExtension: "txt")
  )
  func script(_ name: String) throws {
    let script = try CommandScript(Checkout.text(of: "testdata/cli/\(name).txt"))
    #expect(!script.steps.isEmpty)
    for failure in try script.failures() { Issue.record("\(name).txt, \(failure)") }
  }
}
