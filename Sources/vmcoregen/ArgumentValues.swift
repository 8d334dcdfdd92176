public import CommandParser
public import VMCore

// The library's closed sets are values of options as they are.

extension CrashDumpOptions.InputFormat: ExpressibleByArgument {}
extension CrashDumpOptions.Machine: ExpressibleByArgument {}
extension CrashDumpOptions.State: ExpressibleByArgument {}
extension CrashDumpOptions.HeaderSource: ExpressibleByArgument {}
extension CrashDumpOptions.Selection: ExpressibleByArgument {}
extension FallbackOptions.Mode: ExpressibleByArgument {}
extension Architecture: ExpressibleByArgument {
  /// The list is long, and the help has it.
  public static var defaultCompletionKind: CompletionKind { .default }
}
extension Compatibility: ExpressibleByArgument {}
extension OutputOptions.Compression: ExpressibleByArgument {}
extension OutputOptions.Engine: ExpressibleByArgument {}
extension ExtractedPart: ExpressibleByArgument {}
extension FilterOptions.Mode: ExpressibleByArgument {}
extension DumpLevel: ExpressibleByArgument {
  /// A number or names.
  public init?(argument: String) {
    self.init(parsing: argument)
  }
}

/// A value that is named, or found where `auto` is said.
struct Automatic<Value>: ExpressibleByArgument
where Value: ExpressibleByArgument & RawRepresentable<String> & CaseIterable {
  /// The value that is named.
  var value: Value?

  private static var word: String { "auto" }

  init() {}

  init?(argument: String) {
    guard argument != Self.word else { return }
    guard let value = Value(argument: argument) else { return nil }
    self.value = value
  }

  var defaultValueDescription: String { value?.rawValue ?? Self.word }
  static var allValueStrings: [String] { [word] + Value.allCases.map(\.rawValue) }
  static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
}
