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

  /// Whether a page can take `size` bytes in the file: what is not packed takes all of its own.
  func admits(size: UInt32, blockSize: UInt64) -> Bool {
    switch self {
    case .plain: UInt64(size) == blockSize
    case .packed: size > 0 && UInt64(size) <= blockSize
    case .foreign: true
    }
  }

  /// Why pages that are packed so are not read; nil where they are.
  var refusal: String? {
    guard case .foreign(let name) = self else { return nil }
    return "is packed with \(name), which is not read: crash and makedumpfile built with \(name) "
      + "read it, and 'makedumpfile -c' packs it anew with zlib"
  }
}
