internal import Bytes
internal import Codecs
internal import CoreWriting

/// In what form a vmcore is written. By default it is the ELF file that the second kernel would
/// have offered.
///
/// ```swift
/// var output = OutputOptions()
/// output.format = .kdump
/// try dump.write(toFileAt: "vmcore.kdump", as: output)
/// ```
public struct OutputOptions: Sendable {
  /// The content of the file.
  public enum Format: String, Sendable, CaseIterable {
    /// The kernel's own ELF vmcore.
    case elf
    /// The kdump-compressed format of makedumpfile; into a pipe its flattened form.
    case kdump
  }

  /// A library that packs.
  public enum Engine: String, Sendable, CaseIterable {
    /// It is always there.
    case zlib
    /// Two to three times as fast.
    case libdeflate
    /// Faster still, with output that is a quarter larger.
    case isal
  }

  /// What the file is.
  public var format = Format.elf
  /// Whether the flattened form is written, which `makedumpfile -R` reads from a pipe.
  public var isFlattened = false
  /// Level from 0 to 9 of packing the pages of the kdump-compressed format.
  public var level = 1
  /// Level from 0 to 9 of a gzip file around the ELF vmcore; nil writes it as it is.
  public var gzipLevel: Int?
  /// What packs; nil takes the fastest that is installed.
  public var engine: Engine?
  /// Most bytes of one file of a split set; nil writes one file.
  public var splitSize: UInt64?
  /// Whether the SHA-256 of what is written is made.
  public var hasDigest = false

  /// Number of threads that write; nil takes that of the dump.
  public var workers: Int?

  /// The ELF vmcore.
  public init() {}

  /// What packs where nothing else is asked for, with its version.
  public static var defaultEngine: String { DeflateEngine.automatic.text }
}

extension OutputOptions {
  /// Whether a pipe gets the records of a flattened file.
  var streamsRecords: Bool { isFlattened || format == .kdump }

  /// What packs, where it is there.
  func checkedEngine() throws(VMCoreError) -> DeflateEngine {
    guard let engine = engine.map(DeflateEngine.init) else { return .automatic }
    guard engine.isAvailable else {
      throw VMCoreError(
        .usage,
        "deflate '\(engine.rawValue)': the library is not installed, or this program is "
          + "linked statically and cannot load it")
    }
    return engine
  }
}

extension DeflateEngine {
  init(_ engine: OutputOptions.Engine) {
    self =
      switch engine {
      case .zlib: .zlib
      case .libdeflate: .libdeflate
      case .isal: .isal
      }
  }
}
