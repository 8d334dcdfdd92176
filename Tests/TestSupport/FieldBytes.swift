/// A record put together field by field, which knows where each of its fields stands.
struct FieldBytes {
  /// The record so far.
  private(set) var bytes: [UInt8] = []
  private var offsets: [String: Int] = [:]
  private let order: RecipeOrder

  /// A record without fields.
  init(_ order: RecipeOrder) {
    self.order = order
  }

  /// Where a field stands, by its C name.
  func offset(of field: String) -> Int? { offsets[field] }

  /// A number.
  mutating func add(_ field: String, _ value: UInt64, width: Int) {
    add(field, order.bytes(value, width: width))
  }

  /// Bytes as they are.
  mutating func add(_ field: String, _ content: [UInt8]) {
    offsets[field] = bytes.count
    bytes += content
  }

  /// Zeros up to a multiple.
  mutating func align(to width: Int) {
    bytes += [UInt8](repeating: 0, count: (width - bytes.count % width) % width)
  }
}
