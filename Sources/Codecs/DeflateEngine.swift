/// What compresses: zlib is built in, the others are used where they are installed.
package enum DeflateEngine: String, Sendable, CaseIterable {
  /// Linked in, so it is always there.
  case zlib
  /// Two to three times as fast.
  case libdeflate
  /// Only where it is asked for: its output is a quarter larger.
  case isal

  /// Whether it can be used here.
  package var isAvailable: Bool {
    switch self {
    case .zlib: true
    case .libdeflate: LibdeflatePacker.Library.shared != nil
    case .isal: ISALPacker.Library.shared != nil
    }
  }

  /// What is used where nothing is asked for.
  package static var automatic: DeflateEngine {
    DeflateEngine.libdeflate.isAvailable ? .libdeflate : .zlib
  }

  /// Its name, with a version where the library tells one.
  package var text: String {
    self == .zlib ? "zlib \(ZlibPacker.version)" : rawValue
  }

  /// What packs at a level from 0 to 9; nil where there is no memory for it.
  package func packer(level: Int, container: DeflateContainer) -> (any Packer)? {
    guard level > 0 else { return ZlibPacker(level: 0, container: container) }
    switch self {
    case .zlib: return ZlibPacker(level: level, container: container)
    case .libdeflate:
      return LibdeflatePacker.Library.shared.flatMap {
        LibdeflatePacker($0, level: level, container: container)
      }
    case .isal: return ISALPacker.Library.shared.map { ISALPacker($0, container: container) }
    }
  }
}
