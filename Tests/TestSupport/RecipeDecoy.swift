/// Something in memory that looks like the core header or names a wrong one.
package struct RecipeDecoy: Sendable, Equatable {
  /// The kind of decoy.
  package enum Kind: String, Sendable, Equatable {
    /// The same bytes.
    case copy
    /// The header of an earlier load, whole, with other contents.
    case stale
    /// The header that the second kernel merged.
    case merged
    /// The core file of a process.
    case userCore = "user-core"
    /// The header, its second half overwritten.
    case half
    /// A device tree that names an address.
    case tree
    /// The vmcoreinfo note.
    case note
  }

  /// The kind of decoy.
  package var kind: Kind
  /// Its physical address.
  package var address: UInt64
  /// stale: the address of a device tree that names it.
  package var tree: UInt64?
  /// stale: the address of its backup region; nil: the true header's.
  package var backup: UInt64?
  /// stale: where the note of another kernel lies that has crashed later; nil: the true header's.
  package var note: UInt64?
  /// tree: the address that it names.
  package var names: UInt64?
}
