/// One thing in memory that says where the core header lies.
package struct RecipeNaming: Sendable, Equatable {
  /// The thing.
  package enum Kind: Sendable, Equatable {
    /// The second kernel's struct boot_params with a command line behind it.
    case bootParameters
    /// The second kernel's device tree.
    case deviceTree(Parts)
    /// The purgatory's list of regions and its digest.
    case purgatory
    /// A command line alone.
    case commandLine
  }

  /// Where in a device tree the header is named.
  package enum Parts: String, Sendable, Equatable {
    case property
    case bootargs
    case both
  }

  /// The thing.
  package var kind: Kind
  /// Its physical address.
  package var address: UInt64
  /// The command line, word for word; nil: a usual one that names the header.
  package var text: String?
}
