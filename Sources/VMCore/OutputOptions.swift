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
    /// The memory alone, each range behind a header with its addresses.
    case lime
    /// The memory alone, address = offset.
    case raw
    /// The memory of an s390x machine behind the header of a stand-alone dump, with the registers
    /// in it.
    case s390Dump = "s390"
  }

  /// How the pages of the kdump-compressed format are packed.
  public enum Compression: String, Sendable, CaseIterable {
    /// Levels 0 to 9, by any ``Engine``; it is always there, and every reader knows it.
    case zlib
    /// Levels 1 to 19.
    case zstd
    /// The fastest; it has no levels.
    case lzo
    /// As fast; it has no levels.
    case snappy
    /// Not at all.
    case none

    /// Whether pages can be packed so here: some take a library that is not always installed.
    public var isAvailable: Bool { PackedForm(self)?.lackingForPacking == nil }
  }

  /// A library that packs as ``Compression/zlib`` is packed.
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
  /// How the pages of the kdump-compressed format are packed.
  public var compression = Compression.zlib
  /// Level of that; 0 packs nothing.
  public var level = 1
  /// Level from 0 to 9 of a gzip file around what is no kdump-compressed file; nil writes it as it
  /// is.
  public var gzipLevel: Int?
  /// What packs; nil takes the fastest that is installed.
  public var engine: Engine?
  /// Most bytes of one file of a split set; nil writes one file.
  public var splitSize: UInt64?
  /// Number of the files of a split set, each with as many pages (``OutputTarget/files(_:mayReplace:)``);
  /// nil writes one file.
  public var splitCount: Int?
  /// What is left out; nil writes everything.
  public var filter: FilterOptions?
  /// Whether the SHA-256 of what is written is made.
  public var hasDigest = false

  /// What is read first and given back as soon as it may be: of the ELF vmcore while the rest is
  /// written, of other forms behind their end.
  public var systemArea: HardwareSystemArea?

  /// Number of threads that write; nil takes that of the dump.
  public var workers: Int?

  /// The ELF vmcore.
  public init() {}

  /// What packs where nothing else is asked for, with its version.
  public static var defaultEngine: String { DeflateEngine.automatic.text }
}

extension OutputOptions {
  /// Whether the ELF vmcore is written as it is, each of its bytes once.
  var isWholeELF: Bool { format == .elf && !isFlattened && gzipLevel == nil && filter == nil }

  /// Whether a pipe gets the records of a flattened file.
  var streamsRecords: Bool { isFlattened || format == .kdump }

  /// How pages are packed, where that can be done; nil: not at all.
  func checkedForm() throws(VMCoreError) -> PackedForm? {
    guard format == .kdump, let form = PackedForm(compression) else { return nil }
    guard form.levels.contains(level) else {
      throw VMCoreError(
        .usage,
        "compression level \(level), expected \(form.levels.lowerBound) to "
          + "\(form.levels.upperBound) for \(compression.rawValue)")
    }
    if let library = form.lackingForPacking {
      throw VMCoreError(
        .usage,
        "compression '\(compression.rawValue)': the library \(library) is not installed, or this "
          + "program is linked statically and cannot load it")
    }
    return level > 0 ? form : nil
  }

  /// Into what files pages are divided; nil: into none.
  func checkedDivision() throws(VMCoreError) -> PlannedSet.Division? {
    switch (splitSize, splitCount) {
    case (nil, nil): return nil
    case (let size?, nil): return .size(size)
    case (nil, let count?):
      guard OutputOptions.splitCounts.contains(count) else {
        throw VMCoreError(
          .usage,
          "a split set of \(count) files, expected \(OutputOptions.splitCounts.lowerBound) to "
            + "\(OutputOptions.splitCounts.upperBound)")
      }
      return .files(count)
    case (_?, _?):
      throw VMCoreError(.usage, "a split set has a size of its files, or a number: expected one")
    }
  }

  /// Files that a set of a given number may have: all of them are open at once.
  private static let splitCounts = 2...512

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

extension PackedForm {
  init?(_ compression: OutputOptions.Compression) {
    switch compression {
    case .zlib: self = .zlib
    case .zstd: self = .zstd
    case .lzo: self = .lzo
    case .snappy: self = .snappy
    case .none: return nil
    }
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
