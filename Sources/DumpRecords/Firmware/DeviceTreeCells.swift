internal import Bytes

/// How many 32-bit cells a device tree takes for an address and for a size: `#address-cells` and
/// `#size-cells` of its root.
package struct DeviceTreeCells: Equatable, Sendable {
  package private(set) var address = 2
  package private(set) var size = 1

  /// What the root says; the specification's own numbers where it says nothing that can be.
  package init(address: Int? = nil, size: Int? = nil) {
    if let address, DeviceTreeCells.possible.contains(address) { self.address = address }
    if let size, DeviceTreeCells.possible.contains(size) { self.size = size }
  }

  private static let possible = 1...2

  /// Takes a property of the root that is one of them.
  mutating func take(_ name: ArraySlice<UInt8>, _ value: [UInt8]) {
    guard let cells = DeviceTreeCells.number(value, cells: 1).map(Int.init),
      DeviceTreeCells.possible.contains(cells)
    else { return }
    if name.elementsEqual("#address-cells".utf8) { address = cells }
    if name.elementsEqual("#size-cells".utf8) { size = cells }
  }

  /// Bytes of an address with a size.
  var pairSize: Int { 4 * (address + size) }

  /// The address and the size at an offset of a property; nil where it ends before.
  package func pair(in value: [UInt8], at offset: Int) -> (UInt64, UInt64)? {
    guard let first = DeviceTreeCells.number(value, cells: address, at: offset),
      let second = DeviceTreeCells.number(value, cells: size, at: offset + 4 * address)
    else { return nil }
    return (first, second)
  }

  private static func number(_ value: [UInt8], cells: Int, at offset: Int = 0) -> UInt64? {
    let reader = ByteReader(value, order: .big)
    return cells == 2
      ? try? reader.peek(at: offset, UInt64.self)
      : (try? reader.peek(at: offset, UInt32.self)).map { UInt64($0) }
  }
}
