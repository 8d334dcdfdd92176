/// Unpacks streams that lie whole in memory, one after the other. It belongs to one thread at a
/// time.
package protocol Unpacker: AnyObject, Sendable {
  /// Unpacks the stream that `input` begins with into `output`.
  ///
  /// - Returns: the number of bytes that it gave, or nil where it is damaged, is cut off or gives
  ///   more than `output` holds.
  func unpack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int?
}

/// The form of a packed stream, for whoever reads or writes one.
package enum PackedForm: String, Sendable, CaseIterable {
  /// RFC 1950.
  case zlib
  /// LZO1X, without any header.
  case lzo
  /// A block of snappy, without framing.
  case snappy
  /// Frames of Zstandard (RFC 8878).
  case zstd

  /// What unpacks it; nil where there is no memory for it, or where ``lacking`` is missing.
  package func unpacker() -> (any Unpacker)? {
    switch self {
    case .zlib: LibdeflateUnpacker.Library.shared.flatMap(LibdeflateUnpacker.init) ?? ZlibUnpacker()
    case .lzo: LZO.shared.map(LZOUnpacker.init) ?? LZODecoder()
    case .snappy: Snappy.shared.map(SnappyUnpacker.init) ?? SnappyDecoder()
    case .zstd: Zstd.shared.flatMap(ZstdUnpacker.init)
    }
  }

  /// The library without which it cannot be unpacked here, for messages; nil where it can.
  package var lacking: String? {
    self == .zstd && Zstd.shared == nil ? libraryText : nil
  }

  /// The library that packs and unpacks it, and Debian's package of it.
  private var libraryText: String {
    switch self {
    case .zlib: "libz.so.1 (the package zlib1g of Debian)"
    case .lzo: "liblzo2.so.2 (the package liblzo2-2 of Debian)"
    case .snappy: "libsnappy.so.1 (the package libsnappy1v5 of Debian)"
    case .zstd: "libzstd.so.1 (the package libzstd1 of Debian)"
    }
  }
}

extension PackedForm {
  /// What packs pieces of at most `largest` bytes at a level; nil where there is no memory for it,
  /// or where ``lackingForPacking`` is missing. Only zlib and zstd know levels.
  package func packer(level: Int, engine: DeflateEngine, largest: Int) -> (any Packer)? {
    switch self {
    case .zlib: engine.packer(level: level, container: .zlib)
    case .lzo: LZO.shared.map { LZOPacker($0, largest: largest) }
    case .snappy: Snappy.shared.map { SnappyPacker($0, largest: largest) }
    case .zstd: Zstd.shared.flatMap { ZstdPacker($0, level: level) }
    }
  }

  /// The library without which it cannot be packed here, for messages; nil where it can.
  package var lackingForPacking: String? {
    let isThere =
      switch self {
      case .zlib: true
      case .lzo: LZO.shared != nil
      case .snappy: Snappy.shared != nil
      case .zstd: Zstd.shared != nil
      }
    return isThere ? nil : libraryText
  }

  /// The levels of packing that it knows.
  package var levels: ClosedRange<Int> {
    switch self {
    case .zlib: 0...9
    case .lzo, .snappy: 1...1
    case .zstd: 1...19
    }
  }
}
