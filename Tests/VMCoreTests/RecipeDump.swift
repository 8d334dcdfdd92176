import TestSupport
import VMCore

/// The image of a recipe in a file, and the options that the recipe asks for.
struct RecipeDump {
  let built: BuiltImage
  let directory: TemporaryDirectory
  var options: CrashDumpOptions

  /// Writes the image of a recipe's text.
  init(_ text: String) throws {
    built = try ImageBuilder.build(parsing: text)
    directory = try TemporaryDirectory()
    options = try Self.options(built.recipe.expectation.arguments)
    try built.write(to: path)
  }

  /// The same for a recipe of testdata, with further lines.
  init(named name: String, adding lines: String = "") throws {
    try self.init(RecipeFiles.text(name) + "\n" + lines)
  }

  /// The image.
  var path: String { directory.path("image.bin") }

  /// What the library makes of it.
  func open() throws(VMCoreError) -> CrashDump {
    try CrashDump(imageAt: path, options: options)
  }

  private struct UnknownArgument: Error {
    let text: String
  }

  private static func options(_ arguments: [String]) throws -> CrashDumpOptions {
    var options = CrashDumpOptions()
    for argument in arguments {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      switch (parts.first, parts.dropFirst().first) {
      case ("--elfcorehdr", let place?): options.elfcorehdr = place
      case ("--state", let state?): options.state = state
      case ("--compat", let compatibility?): options.compatibility = compatibility
      case ("--page-size", let size?): options.pageSize = CrashDumpOptions.number(size)
      case ("--base", let base?): options.base = CrashDumpOptions.number(base)
      case ("--machine", let machine?): options.machine = machine
      case ("--exact", nil): options.isExact = true
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
