internal import Bytes

/// What an s390x machine is started from: a list-directed IPL parameter block
/// (`struct ipl_parameter_block`, `arch/s390/include/uapi/asm/ipl.h`). Big-endian, one page at most.
package struct IPLParameterBlock: Equatable, Sendable {
  /// The block's bytes, exactly as many as its header says.
  package let bytes: [UInt8]
  package let flags: UInt8  // hdr.flags
  package let version: UInt8  // hdr.version
  package let firstLength: UInt32  // pb0_hdr.len
  package let type: UInt8  // pb0_hdr.pbt
  /// What the second part describes.
  package let device: Device

  /// Longest block: one page.
  package static let largest = 4096
  /// Shortest block: both headers.
  package static let smallest = 16

  private enum Offset {
    static let length = 0  // hdr.len
    static let flags = 4  // hdr.flags
    static let version = 7  // hdr.version
    static let firstLength = 8  // pb0_hdr.len
    static let type = 12  // pb0_hdr.pbt
  }

  /// Why bytes are no block.
  package enum Fault: Error, Equatable, Sendable {
    /// The bytes end inside the block.
    case cutShort(size: Int, wanted: Int)
    /// `hdr.len` is not from 16 to 4096.
    case length(UInt32)
    /// `pb0_hdr.len` reaches beyond the block.
    case firstLength(UInt32, of: UInt32)
  }

  /// Size of the block that begins with these bytes, where it can be one.
  package static func size(of head: [UInt8]) throws(Fault) -> Int {
    guard
      let length = try? ByteReader(head, order: .big).peek(at: Offset.length, UInt32.self)
    else { throw .cutShort(size: head.count, wanted: smallest) }
    guard (UInt32(smallest)...UInt32(largest)).contains(length) else { throw .length(length) }
    return Int(length)
  }

  /// Reads the block at the start of `bytes`; what follows it is left out.
  package init(_ bytes: [UInt8]) throws(Fault) {
    let size = try IPLParameterBlock.size(of: bytes)
    guard size <= bytes.count else { throw .cutShort(size: bytes.count, wanted: size) }
    let block = Array(bytes.prefix(size))
    self.bytes = block
    let reader = ByteReader(block, order: .big)
    do throws(ShortRecord) {
      flags = try reader.peek(at: Offset.flags)
      version = try reader.peek(at: Offset.version)
      firstLength = try reader.peek(at: Offset.firstLength)
      type = try reader.peek(at: Offset.type)
    } catch {
      throw .cutShort(size: size, wanted: IPLParameterBlock.smallest)
    }
    guard UInt64(firstLength) <= UInt64(size - 8) else {
      throw .firstLength(firstLength, of: UInt32(size))
    }
    device = Device(type: type, reader)
  }
}

extension IPLParameterBlock.Fault: CustomStringConvertible {
  /// What was found, and what was expected.
  package var description: String {
    switch self {
    case .cutShort(let size, let wanted): "\(size) bytes, expected \(wanted)"
    case .length(let length):
      "length \(UInt64(length).hex), expected \(UInt64(IPLParameterBlock.smallest).hex) to "
        + "\(UInt64(IPLParameterBlock.largest).hex)"
    case .firstLength(let first, let whole):
      "its first part has length \(UInt64(first).hex), expected at most "
        + "\((UInt64(whole) - 8).hex)"
    }
  }
}
