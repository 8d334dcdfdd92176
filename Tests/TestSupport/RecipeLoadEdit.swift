/// A change that a recipe makes to the table of program headers.
package enum RecipeLoadEdit: Sendable, Equatable {
  /// Adds an entry at the end of the table.
  case add(fields: [String: UInt64])
  /// Changes fields of the entry at an index.
  case set(index: Int, fields: [String: UInt64])
  /// Removes the entry at an index.
  case remove(index: Int)
  /// Puts the whole table into this order of indices.
  case order([Int])
  /// Shuffles the PT_LOADs among their places.
  case shuffle(seed: UInt64)
}
