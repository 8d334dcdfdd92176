internal import CrashedKernel

/// What a dump leaves out, in makedumpfile's numbers.
///
/// ```swift
/// output.filter = FilterOptions(level: [.zero, .free])
/// ```
public struct DumpLevel: OptionSet, Hashable, Sendable {
  /// The bits.
  public let rawValue: UInt8

  /// Any bits.
  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// Pages that hold nothing but zeros.
  public static let zero = DumpLevel(rawValue: 1)
  /// Pages of the page cache without private data.
  public static let cache = DumpLevel(rawValue: 2)
  /// All pages of the page cache.
  public static let privateCache = DumpLevel(rawValue: 4)
  /// Memory of processes.
  public static let user = DumpLevel(rawValue: 8)
  /// Pages that nobody uses.
  public static let free = DumpLevel(rawValue: 16)
  /// Everything that can be left out.
  public static let all = DumpLevel(rawValue: 31)

  /// Reads a number from 0 to 31, or names of bits with commas between them: `zero`, `cache`,
  /// `private`, `user` and `free`; nil for anything else.
  public init?(parsing text: String) {
    if let number = UInt8(text), text.allSatisfy(\.isNumber) {
      guard number <= DumpLevel.all.rawValue else { return nil }
      self.init(rawValue: number)
      return
    }
    var level: CrashedKernel.DumpLevel = []
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let known = CrashedKernel.DumpLevel.names.first(where: { $0.name == word })
      else { return nil }
      level.insert(known.level)
    }
    self.init(rawValue: level.rawValue)
  }

  /// The same for the layers below.
  var known: CrashedKernel.DumpLevel { CrashedKernel.DumpLevel(rawValue: rawValue) }
}

extension DumpLevel: CustomStringConvertible {
  /// `16 (free)`
  public var description: String { known.description }
}

/// What is left out of a dump, and what happens where that cannot be told.
public struct FilterOptions: Equatable, Sendable {
  /// What is left out.
  public var level: DumpLevel
  /// What happens where the kernel's memory does not tell what its pages are used for.
  public var mode: Mode

  /// What is done where nothing can be left out with certainty.
  public enum Mode: String, Sendable, CaseIterable {
    /// It is an error.
    case strict
    /// Nothing is left out, which the report says.
    case bestEffort = "best-effort"
  }

  /// A level; what cannot be told is an error.
  public init(level: DumpLevel, mode: Mode = .strict) {
    self.level = level
    self.mode = mode
  }
}
