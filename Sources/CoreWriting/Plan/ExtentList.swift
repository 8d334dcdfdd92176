internal import Bytes

/// The parts of an output one behind the other.
struct ExtentList {
  private(set) var extents: [OutputExtent] = []
  /// Offset behind the last part.
  private(set) var end: UInt64 = 0

  /// Adds a part; an empty one is no part.
  mutating func append(_ content: OutputExtent.Content, length: UInt64) throws(PlanError) {
    guard length > 0 else { return }
    guard let next = end.adding(length) else {
      throw PlanError("\(length.hex) bytes at offset \(end.hex) of the vmcore end beyond 2⁶⁴")
    }
    if case .memory(let address) = content, address.adding(length) == nil {
      throw PlanError("\(length.hex) bytes of memory at \(address.hex) end beyond 2⁶⁴")
    }
    extents.append(OutputExtent(range: end..<next, content: content))
    end = next
  }

  /// Gives the first part its bytes, which are known only when the last one is placed.
  mutating func fill(_ bytes: [UInt8]) {
    guard !extents.isEmpty else { return }
    extents[0].content = .bytes(bytes)
  }

  /// Adds zeros up to the next multiple of `pageSize`, and `inside` bytes more.
  mutating func pad(to pageSize: UInt64, plus inside: UInt64 = 0) throws(PlanError) {
    guard let page = end.roundedUp(to: pageSize), let next = page.adding(inside) else {
      throw PlanError("the vmcore ends beyond 2⁶⁴")
    }
    try append(.zeros, length: next - end)
  }
}
