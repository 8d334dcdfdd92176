package import Codecs
package import DumpRecords

/// How a page of a kdump-compressed file is packed.
enum PagePacking: Equatable {
  case plain
  case packed(PackedForm)

  /// What the flags of its descriptor say; where they name several forms, the one that readers ask
  /// for first.
  init(_ flags: KdumpFlags) {
    let form = PackedForm.allCases.first { flags.contains(KdumpFlags($0)) }
    self = form.map(PagePacking.packed) ?? .plain
  }

  /// Whether a page can take `size` bytes in the file: what is not packed takes all of its own.
  func admits(size: UInt32, blockSize: UInt64) -> Bool {
    switch self {
    case .plain: UInt64(size) == blockSize
    case .packed: size > 0 && UInt64(size) <= blockSize
    }
  }
}

extension KdumpFlags {
  /// The flag of a page that is packed in a form.
  package init(_ form: PackedForm) {
    self =
      switch form {
      case .zlib: .zlib
      case .lzo: .lzo
      case .snappy: .snappy
      case .zstd: .zstd
      }
  }
}
