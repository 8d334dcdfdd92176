import TestSupport
import Testing
import VMCore

@Suite("The memory of a machine in a file with ranges")
struct RangedImageTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let form: LiMEFileModel.Form
    let blockSize: Int?

    var testDescription: String { "\(form) \(blockSize ?? 0)" }

    static let all = [
      Case(form: .plain, blockSize: nil), Case(form: .plain, blockSize: 0x8000),
      Case(form: .packed, blockSize: nil), Case(form: .packed, blockSize: 0x8000),
      Case(form: .mixed, blockSize: 0x8000),
    ]
  }

  @Test("gives the vmcore of the raw image, byte for byte", arguments: Case.all)
  func equal(_ item: Case) throws {
    // What s390x has for memory is what the file has: it may lack none.
    for name in ["tiny", "readme"] + (item.blockSize == nil ? ["s390x-before"] : []) {
      let recipe = try OpenedRecipe(named: name)
      let expected = try recipe.open()
      let model = LiMEFileModel(item.form, of: recipe.built, blockSize: item.blockSize)
      try recipe.directory.file(model.bytes, named: "dump")
      let dump = try CrashDump(imageAt: recipe.directory.path("dump"))
      #expect(try difference(dump.allBytes(), expected.allBytes()) == nil, "\(name)")
      // Of blocks in turn the first one is plain.
      let isLiME = item.form == .plain || item.form == .mixed && model.headerOffsets.count == 1
      #expect(dump.report.image.format == (isLiME ? "LiME" : "AVML"))
      #expect(dump.report.header == expected.report.header)
      // Zeros that are left out behind the last block are not told from memory that is lacking.
      if item.blockSize == nil { #expect(dump.report.isPartial == expected.report.isPartial) }
    }
  }

  @Test("of a big-endian machine does, too", arguments: ["s390x-before", "ppc64", "mips"])
  func bigEndian(_ name: String) throws {
    let recipe = try OpenedRecipe(named: name)
    let expected = try recipe.open()
    var model = LiMEFileModel(.plain, of: recipe.built)
    model.order = .big
    try recipe.directory.file(model.bytes, named: "dump")
    let dump = try CrashDump(imageAt: recipe.directory.path("dump"))
    #expect(try difference(dump.allBytes(), expected.allBytes()) == nil)
    #expect(dump.report.image.format == "LiME")
  }

  @Test("that is cut gives what is there, and says so")
  func cut() throws {
    let recipe = try OpenedRecipe(named: "readme")
    for form in [LiMEFileModel.Form.plain, .packed] {
      let bytes = LiMEFileModel(form, of: recipe.built).bytes
      try recipe.directory.file(Array(bytes.dropLast(100)), named: "dump")
      let dump = try CrashDump(imageAt: recipe.directory.path("dump"))
      #expect(dump.report.isPartial)
      #expect(dump.report.warningTexts.contains { $0.contains(" file ends inside the ") })
    }
  }
}
