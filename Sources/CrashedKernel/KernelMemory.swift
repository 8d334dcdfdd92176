package import Bytes
package import MemoryImages

/// The crashed kernel's memory read by virtual address.
package struct KernelMemory: Sendable {
  package let memory: PhysicalMemory
  package var translation: AddressTranslation
  package let order: ByteOrder
  /// Size of a pointer in bytes.
  package let wordSize: Int

  /// Memory under a translation.
  package init(
    _ memory: PhysicalMemory, _ translation: AddressTranslation, order: ByteOrder, wordSize: Int
  ) {
    self.memory = memory
    self.translation = translation
    self.order = order
    self.wordSize = wordSize
  }

  /// `count` bytes, or nil where the address cannot be translated or the image lacks one.
  package func bytes(at address: UInt64, count: Int) throws(ReadError) -> [UInt8]? {
    guard let physical = translation.physical(address) else { return nil }
    return try memory.bytes(at: physical, count: count)
  }

  /// One pointer, or nil where it cannot be read.
  package func word(at address: UInt64) throws(ReadError) -> UInt64? {
    guard let bytes = try bytes(at: address, count: wordSize) else { return nil }
    var reader = ByteReader(bytes, order: order)
    return try? reader.readWord(size: wordSize)
  }

  /// One 32-bit number, or nil where it cannot be read.
  package func number(at address: UInt64) throws(ReadError) -> UInt32? {
    guard let bytes = try bytes(at: address, count: 4) else { return nil }
    return try? ByteReader(bytes, order: order).peek(at: 0)
  }
}
