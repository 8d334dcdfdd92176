import TestSupport
import Testing
import VMCore

/// The memory of a recipe, for a test to put into a dump file of some format.
struct FormatRecipe {
  let built: BuiltImage
  let directory: TemporaryDirectory

  /// The recipes that are small, of machines whose memory begins at 0.
  static let names = ["x86_64-kernel-after", "x86_64-kexec-tools-before", "readme"]

  init(_ name: String) throws {
    built = try RecipeFiles.image(name)
    directory = try TemporaryDirectory()
  }

  /// The whole memory.
  var parts: [MemoryPart] { built.parts }

  /// The memory in three ranges: what is left out is no RAM.
  ///
  /// - Parameter length: bytes of the ranges; the last one has what is left.
  func ranges(of length: Int) -> [MemoryPart] { parts.cut(into: length) }

  /// Opens a file, and compares its vmcore with that of the raw image of the same moment.
  @discardableResult
  func expectVMCore(
    of file: String, isPartial: Bool = false, _ options: CrashDumpOptions = CrashDumpOptions()
  ) throws -> CrashReport {
    let dump = try CrashDump(imageAt: file, options: options)
    let found = try dump.allBytes()
    #expect(try difference(found, built.expectedVMCore()) == nil)
    #expect(dump.report.isPartial == isPartial, "\(dump.report.warningTexts)")
    return dump.report
  }

  /// The same for bytes that are put into a file first.
  @discardableResult
  func expectVMCore(of bytes: [UInt8], named name: String = "dump") throws -> CrashReport {
    try expectVMCore(of: directory.file(bytes, named: name))
  }
}
