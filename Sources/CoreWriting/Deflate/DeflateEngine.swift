/// What compresses: zlib is built in, the others are used where they are installed.
package enum DeflateEngine: String, Sendable, CaseIterable {
  case zlib
  case libdeflate
  /// Only where it is asked for: its output is a quarter larger.
  case isal

  /// Whether it can be used here.
  package var isAvailable: Bool {
    switch self {
    case .zlib: true
    case .libdeflate: LibdeflateDeflater.Library.shared != nil
    case .isal: ISALDeflater.Library.shared != nil
    }
  }

  /// What is used where nothing is asked for.
  package static var automatic: DeflateEngine {
    DeflateEngine.libdeflate.isAvailable ? .libdeflate : .zlib
  }

  /// Its name, with a version where the library tells one.
  package var text: String {
    self == .zlib ? "zlib \(ZlibDeflater.version)" : rawValue
  }

  /// Compresses at a level from 0 to 9; nil where there is no memory for it.
  func deflater(level: Int, container: DeflateContainer) -> (any Deflater)? {
    guard level > 0 else { return ZlibDeflater(level: 0, container: container) }
    switch self {
    case .zlib: return ZlibDeflater(level: level, container: container)
    case .libdeflate:
      return LibdeflateDeflater.Library.shared.flatMap {
        LibdeflateDeflater($0, level: level, container: container)
      }
    case .isal: return ISALDeflater.Library.shared.map { ISALDeflater($0, container: container) }
    }
  }
}
