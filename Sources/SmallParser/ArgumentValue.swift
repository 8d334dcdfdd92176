/// A value that a word of the command line says.
public protocol ExpressibleByArgument {
  /// The value; nil where the word is none.
  init?(argument: String)

  /// What the value is where nothing is said, for a help page.
  var defaultValueDescription: String { get }
  /// Every value there is, for a help page.
  static var allValueStrings: [String] { get }
  /// How a shell completes it.
  static var defaultCompletionKind: CompletionKind { get }
}

extension ExpressibleByArgument {
  /// No help page is made here.
  public var defaultValueDescription: String { "" }
  /// No help page is made here.
  public static var allValueStrings: [String] { [] }
  /// No shell asks.
  public static var defaultCompletionKind: CompletionKind { .default }
}

extension ExpressibleByArgument where Self: RawRepresentable, RawValue == String {
  /// The value of that name.
  public init?(argument: String) { self.init(rawValue: argument) }
}

extension String: ExpressibleByArgument {
  /// The word itself.
  public init?(argument: String) { self = argument }
}

extension Int: ExpressibleByArgument {
  /// A decimal number.
  public init?(argument: String) { self.init(argument) }
}

/// How a shell completes a word.
public enum CompletionKind {
  case `default`, directory
  case list([String])
  case file(extensions: [String] = [])
}

/// What a help page would say: nothing of it is kept.
public struct ArgumentHelp: ExpressibleByStringLiteral {
  /// A text.
  public init(stringLiteral: StaticString) {}

  /// A text with the name of the value.
  public init(_ abstract: StaticString, valueName: StaticString = "") {}
}

/// What an option is called.
public struct NameSpecification: ExpressibleByArrayLiteral {
  /// One of its names.
  public enum Element {
    /// The property's, in words with hyphens between them.
    case long
    /// The first letter of the property's.
    case short
    case customLong(String)
    /// A letter, behind which the value may stand without a space.
    case customShort(Character, allowingJoined: Bool = false)
  }

  let elements: [Element]

  /// Several names.
  public init(arrayLiteral elements: Element...) { self.elements = elements }

  /// The property's name.
  public static var long: NameSpecification { [.long] }
  /// The property's name and its first letter.
  public static var shortAndLong: NameSpecification { [.short, .long] }
  /// Another name.
  public static func customLong(_ name: String) -> NameSpecification { [.customLong(name)] }
}
