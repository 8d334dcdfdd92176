import TestSupport
import VMCore

extension OpenedRecipe {
  private struct UnknownArgument: Error {
    let text: String
  }

  /// What the library makes of it, with the options that the recipe asks for, and changed ones.
  func open(_ change: (inout CrashDumpOptions) -> Void = { _ in }) throws -> CrashDump {
    var options = try options()
    change(&options)
    return try CrashDump(imageAt: path, options: options)
  }

  private func options() throws -> CrashDumpOptions {
    var options = CrashDumpOptions()
    for argument in built.recipe.expectation.arguments {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      switch (parts.first, parts.dropFirst().first) {
      case ("--elfcorehdr", let place?): options.elfcorehdr = place
      default: throw UnknownArgument(text: argument)
      }
    }
    return options
  }
}

extension CrashDump {
  /// The whole vmcore.
  func allBytes() throws(VMCoreError) -> [UInt8] { try bytes(at: 0, count: Int(size)) }
}

extension CrashReport {
  /// The warnings in the library's words.
  var warningTexts: [String] { warnings.map(\.description) }
}
