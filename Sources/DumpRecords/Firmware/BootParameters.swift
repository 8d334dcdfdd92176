internal import Bytes

/// The x86 `struct boot_params` ("zero page") that a boot loader, or kexec, hands to a kernel.
/// Offsets: `arch/x86/include/uapi/asm/bootparam.h`, Documentation/arch/x86/zero-page.rst.
package struct BootParameters: Equatable, Sendable {
  /// Physical address of the command line: `hdr.cmd_line_ptr` and `ext_cmd_line_ptr`.
  package var commandLineAddress: UInt64
  /// `hdr.cmdline_size`: longest command line that the kernel takes, in bytes.
  package var commandLineLimit: UInt32
  /// `e820_table`: the memory map, as far as its entries make sense.
  package var memoryMap: [MemoryMapEntry]

  /// One `struct boot_e820_entry`.
  package struct MemoryMapEntry: Equatable, Sendable {
    /// `addr` and `size`.
    package var range: Range<UInt64>
    /// 1 is usable RAM.
    package var type: UInt32

    /// `E820_TYPE_RAM`, `E820_TYPE_RESERVED_KERN`
    private static let usableTypes: Set<UInt32> = [1, 128]

    /// Whether the kernel may use it.
    package var isUsable: Bool { MemoryMapEntry.usableTypes.contains(type) }
  }

  /// The ranges that the kernel may use.
  package var usableMemory: [Range<UInt64>] {
    memoryMap.filter { $0.isUsable && !$0.range.isEmpty }.map(\.range)
  }

  /// Size of the zero page.
  package static let size = 4096
  /// Offset of `e820_table`.
  static let mapOffset = Offset.map
  /// Offset of `hdr.header`.
  package static let signatureOffset = 0x202
  /// `HdrS`, as a little-endian word.
  package static let signature: UInt32 = 0x5372_6448

  private enum Offset {
    static let extendedCommandLine = 0xc8  // ext_cmd_line_ptr
    static let mapCount = 0x1e8  // e820_entries
    static let bootFlag = 0x1fe  // hdr.boot_flag
    static let commandLine = 0x228  // hdr.cmd_line_ptr
    static let commandLineLimit = 0x238  // hdr.cmdline_size
    static let map = 0x2d0  // e820_table
  }

  /// Reads a zero page; nil where the bytes are none, or name no command line.
  package init?(_ page: [UInt8]) {
    let reader = ByteReader(page, order: .little)
    guard
      // 0xaa55; kexec-tools 2.0.25 leaves its high byte zero, seen on real crashes.
      (try? reader.peek(at: Offset.bootFlag, UInt8.self)) == 0x55,
      (try? reader.peek(at: BootParameters.signatureOffset, UInt32.self))
        == BootParameters.signature,
      let low = try? reader.peek(at: Offset.commandLine, UInt32.self),
      let high = try? reader.peek(at: Offset.extendedCommandLine, UInt32.self),
      let limit = try? reader.peek(at: Offset.commandLineLimit, UInt32.self),
      low != 0 || high != 0
    else { return nil }
    commandLineAddress = UInt64(high) << 32 | UInt64(low)
    commandLineLimit = limit
    memoryMap = BootParameters.memoryMap(in: reader)
  }

  /// The number of entries of the memory map of a page that begins at `offset`; nil where the bytes
  /// there are no zero page.
  static func mapCount(_ reader: ByteReader, at offset: Int) -> Int? {
    guard (try? reader.peek(at: offset + signatureOffset, UInt32.self)) == signature,
      let count = try? reader.peek(at: offset + Offset.mapCount, UInt8.self)
    else { return nil }
    return Int(count)
  }

  private static func memoryMap(in reader: ByteReader) -> [MemoryMapEntry] {
    let count = min(128, Int((try? reader.peek(at: Offset.mapCount, UInt8.self)) ?? 0))
    return (0..<count).compactMap { index in
      let offset = Offset.map + 20 * index
      guard let start = try? reader.peek(at: offset, UInt64.self),
        let length = try? reader.peek(at: offset + 8, UInt64.self),
        let type = try? reader.peek(at: offset + 16, UInt32.self),
        let range = Range(start: start, length: length)
      else { return nil }
      return MemoryMapEntry(range: range, type: type)
    }
  }
}
