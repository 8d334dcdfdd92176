internal import Codecs
internal import DumpRecords

/// How a page of a kdump-compressed file is packed.
enum PagePacking: Equatable {
  case plain
  case packed(PackedForm)
  /// In a way that is told apart but not read.
  case foreign(String)

  /// What the flags of its descriptor say.
  init(_ flags: KdumpFlags) {
    if flags.isDisjoint(with: [.lzo, .snappy, .zstd]) {
      self = flags.contains(.zlib) ? .packed(.zlib) : .plain
    } else {
      self = .foreign(
        flags.contains(.lzo) ? "lzo" : flags.contains(.snappy) ? "snappy" : "zstd")
    }
  }

  /// Why a page of `size` bytes in the file cannot be read, whatever its bytes are; nil where it
  /// can.
  func fault(size: UInt32, blockSize: UInt64) -> String? {
    switch self {
    case .plain:
      UInt64(size) == blockSize
        ? nil : "takes \(size) bytes not packed, expected \(blockSize)"
    case .packed(let form):
      size > 0 && UInt64(size) <= blockSize
        ? nil
        : "takes \(size) bytes packed with \(form.rawValue), expected 1 to \(blockSize)"
    case .foreign(let name):
      "is packed with \(name), which is not read: crash and makedumpfile built with \(name) read "
        + "it, and 'makedumpfile -c' packs it anew with zlib"
    }
  }
}
