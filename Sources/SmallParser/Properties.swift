/// Where a wrapper keeps its value: copies of a command share it, so that what is found by
/// reflection can be filled.
final class Cell<Value> {
  var value: Value?

  init(_ value: Value?) { self.value = value }

  /// The value, which parsing has made sure of.
  var filled: Value {
    guard let value else { preconditionFailure("an argument is read before it is parsed") }
    return value
  }
}

/// An option with a value.
@propertyWrapper
public struct Option<Value>: SlotProperty {
  private let cell: Cell<Value>
  private let names: NameSpecification
  private let take: (String) -> Bool

  private init(_ cell: Cell<Value>, _ names: NameSpecification, _ take: @escaping (String) -> Bool)
  {
    self.cell = cell
    self.names = names
    self.take = take
  }

  /// What was said, or the value from before.
  public var wrappedValue: Value {
    get { cell.filled }
    nonmutating set { cell.value = newValue }
  }

  func slots(named property: String) -> [Slot] {
    [Slot(kind: .option, names: names, property: property, take: take) { false }]
  }
}

extension Option where Value: ExpressibleByArgument {
  /// An option with a value from before.
  public init(
    wrappedValue: Value, name: NameSpecification = .long, help: ArgumentHelp? = nil,
    completion: CompletionKind? = nil
  ) {
    let cell = Cell(wrappedValue)
    self.init(cell, name) { word in
      guard let value = Value(argument: word) else { return false }
      cell.value = value
      return true
    }
  }
}

extension Option {
  /// An option that need not be there.
  public init<Wrapped: ExpressibleByArgument>(
    name: NameSpecification = .long, help: ArgumentHelp? = nil, completion: CompletionKind? = nil
  ) where Value == Wrapped? {
    let cell = Cell<Wrapped?>(.some(nil))
    self.init(cell, name) { word in
      guard let value = Wrapped(argument: word) else { return false }
      cell.value = value
      return true
    }
  }

  /// An option that may be repeated.
  public init<Element: ExpressibleByArgument>(
    wrappedValue: [Element], name: NameSpecification = .long, help: ArgumentHelp? = nil,
    completion: CompletionKind? = nil
  ) where Value == [Element] {
    let cell = Cell(wrappedValue)
    self.init(cell, name) { word in
      guard let value = Element(argument: word) else { return false }
      cell.value = cell.filled + [value]
      return true
    }
  }
}

/// An option that is there, or not.
@propertyWrapper
public struct Flag: SlotProperty {
  private let cell: Cell<Bool>
  private let names: NameSpecification

  /// A flag that is not set yet.
  public init(wrappedValue: Bool, name: NameSpecification = .long, help: ArgumentHelp? = nil) {
    cell = Cell(wrappedValue)
    names = name
  }

  /// Whether it was there.
  public var wrappedValue: Bool {
    get { cell.filled }
    nonmutating set { cell.value = newValue }
  }

  func slots(named property: String) -> [Slot] {
    [
      Slot(kind: .flag, names: names, property: property) { _ in
        cell.value = true
        return true
      } isMissing: {
        false
      }
    ]
  }
}

/// A word that is no option, told by its place.
@propertyWrapper
public struct Argument<Value>: SlotProperty {
  private let cell: Cell<Value>
  private let take: (String) -> Bool

  /// What was said.
  public var wrappedValue: Value {
    get { cell.filled }
    nonmutating set { cell.value = newValue }
  }

  func slots(named property: String) -> [Slot] {
    [
      Slot(kind: .argument, names: [], property: property, take: take) { [cell] in
        cell.value == nil
      }
    ]
  }
}

extension Argument where Value: ExpressibleByArgument {
  /// An argument that must be there.
  public init(help: ArgumentHelp? = nil, completion: CompletionKind? = nil) {
    let cell = Cell<Value>(nil)
    self.cell = cell
    take = { word in
      cell.value = Value(argument: word)
      return cell.value != nil
    }
  }
}

extension Argument {
  /// An argument that need not be there.
  public init<Wrapped: ExpressibleByArgument>(
    help: ArgumentHelp? = nil, completion: CompletionKind? = nil
  ) where Value == Wrapped? {
    let cell = Cell<Wrapped?>(.some(nil))
    self.cell = cell
    take = { word in
      guard let value = Wrapped(argument: word) else { return false }
      cell.value = value
      return true
    }
  }
}

/// Properties that more than one command has.
@propertyWrapper
public struct OptionGroup<Value: ParsableArguments>: SlotProperty {
  private let cell: Cell<Value>

  /// The properties before any word is read.
  public init() { cell = Cell(Value()) }

  /// The properties.
  public var wrappedValue: Value {
    get { cell.filled }
    nonmutating set { cell.value = newValue }
  }

  func slots(named property: String) -> [Slot] { Slot.all(of: wrappedValue) }

  func validate() throws { try wrappedValue.validateWithGroups() }
}
