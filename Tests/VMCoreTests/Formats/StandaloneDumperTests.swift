import TestSupport
import Testing
import VMCore

@Suite("Dumps of firmware and of stand-alone dumpers give the vmcore of the raw image")
struct StandaloneDumperTests {
  private static let machines = ["s390x-before", "s390x-after", "s390x"]

  @Test("s390: all memory behind a header", arguments: machines)
  func s390(_ name: String) throws {
    let recipe = try FormatRecipe(name)
    let report = try recipe.expectVMCore(of: S390DumpModel(recipe.parts.joined).plain)
    #expect(report.image.format == "s390")
    #expect(report.system.architecture?.rawValue == "s390x")
  }

  @Test("s390_ext: segments of what is not zero", arguments: machines)
  func extended(_ name: String) throws {
    let recipe = try FormatRecipe(name)
    var model = S390DumpModel(recipe.parts.joined)
    model.segmentSize = 0x9000
    let report = try recipe.expectVMCore(
      of: model.extended + [UInt8](repeating: 0x99, count: 50_000))
    #expect(report.image.format == "s390_ext")
    #expect(!report.warningTexts.contains { $0.contains("segments") })
  }

  @Test("s390_ext whose header gives memory two sizes", arguments: [0x18, 0x1a, 0x1c])
  func sizes(_ place: Int) throws {
    let recipe = try FormatRecipe("s390x-after")
    var bytes = S390DumpModel(recipe.parts.joined).extended
    bytes[place] ^= 0x08
    let report = try recipe.expectVMCore(of: recipe.directory.file(bytes), isPartial: true)
    #expect(report.warningTexts.contains { $0.contains("mem_end and num_pages say") })
  }

  @Test("s390_ext, packed, on disks of every block size", arguments: [512, 1024, 2048, 4096])
  func packed(_ blockSize: Int) throws {
    let recipe = try FormatRecipe("s390x-after")
    var model = S390DumpModel(recipe.parts.joined)
    model.entrySize = 0x4000
    model.segmentSize = 0x31000
    model.blockSize = blockSize
    try recipe.expectVMCore(of: model.extended)
  }

  @Test("s390_ext on several volumes, in any order")
  func volumes() throws {
    let recipe = try FormatRecipe("s390x-before")
    var model = S390DumpModel(recipe.parts.joined)
    model.segmentSize = 0x9000
    let paths = try model.volumes(3).enumerated().map { index, bytes in
      try recipe.directory.file(bytes, named: "volume\(index)")
    }
    var options = CrashDumpOptions()
    options.parts = [paths[2], paths[0]]
    try recipe.expectVMCore(of: paths[1], options)
    options.parts = [paths[1]]
    let dump = try CrashDump(imageAt: paths[0], options: options)
    #expect(dump.report.isPartial)
    #expect(dump.report.warningTexts.contains { $0.contains("other volumes are not given") })
    options.parts = [paths[2]]
    let error = #expect(throws: VMCoreError.self) {
      try CrashDump(imageAt: paths[0], options: options)
    }
    #expect(error?.description.contains("is volume 2 of the dump, expected 1") == true)
  }

  @Test(
    "LKCD: every version and packing",
    arguments: [1, 2, 5, 7, 8, 9, 10] as [UInt64], LKCDModel.Packing.allCases)
  func lkcd(_ version: UInt64, _ packing: LKCDModel.Packing) throws {
    let recipe = try FormatRecipe("readme")
    for bits in version < 8 ? [32, 64] : [64] {
      var model = LKCDModel(recipe.parts)
      model.version = version
      model.bits = bits
      model.packing = version < 5 && packing == .zlib ? .runs : packing
      model.start = version >= 9 ? 0x8000 : 65_536
      let report = try recipe.expectVMCore(of: model.bytes)
      #expect(report.image.format == "LKCD")
    }
  }

  @Test("LKCD with records of no page, too long ones and too short, is read behind them")
  func oddRecords() throws {
    let recipe = try FormatRecipe("readme")
    let far: UInt64 = 1 << 40
    for (bytes, flags) in [(4097, 1), (4095, 1), (300_000, 1), (9000, 2)] as [(Int, UInt64)] {
      var model = LKCDModel(recipe.parts)
      model.additions = [
        (far, [UInt8](repeating: 0x11, count: bytes), flags), (far + 4096, [1, 2, 3], 1),
      ]
      let path = try recipe.directory.file(model.bytes)
      let report = try recipe.expectVMCore(of: path, isPartial: true)
      #expect(
        report.warningTexts.contains {
          $0.contains("address 0x10000000000, size \(bytes),") && $0.contains("so are 1 more")
        }, "\(report.warningTexts)")
    }
  }

  @Test("LKCD with a page that is there twice takes the last, and says so")
  func twice() throws {
    let recipe = try FormatRecipe("readme")
    var model = LKCDModel(recipe.parts)
    let address = try #require(recipe.parts.first).address + 4096
    model.additions = [(address, [UInt8](repeating: 0x11, count: 4096), 1)]
    let report = try recipe.expectVMCore(of: model.bytes)
    #expect(report.warningTexts.contains { $0.hasPrefix("1 pages have more than one record") })
    #expect(throws: VMCoreError.self) {
      var options = CrashDumpOptions()
      options.isStrict = true
      _ = try CrashDump(imageAt: recipe.directory.file(model.bytes), options: options)
    }
  }

  @Test("LKCD of s390, in big-endian order, and with pages out of order")
  func zfcpdump() throws {
    let recipe = try FormatRecipe("s390x-after")
    var model = LKCDModel(recipe.parts)
    model.order = .big
    model.isUnordered = true
    try recipe.expectVMCore(of: model.bytes)
  }

  @Test("sadump on one partition, or as a file of a backup", arguments: [0, 1] as [UInt64])
  func sadump(_ version: UInt64) throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    var model = SadumpModel(recipe.parts)
    model.version = version
    let report = try recipe.expectVMCore(of: model.single)
    #expect(report.image.format == "sadump")
    try recipe.expectVMCore(of: model.media)
  }

  @Test("sadump on a set of disks, in any order, and with one that is lacking")
  func disks() throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    let paths = try SadumpModel(recipe.parts).disks(3).enumerated().map { index, bytes in
      try recipe.directory.file(bytes, named: "disk\(index)")
    }
    var options = CrashDumpOptions()
    options.parts = [paths[1], paths[0]]
    try recipe.expectVMCore(of: paths[2], options)
    options.parts = []
    let error = #expect(throws: VMCoreError.self) { try CrashDump(imageAt: paths[1]) }
    #expect(error?.description.contains("the first one") == true)
    let lonely = try? CrashDump(imageAt: paths[0])
    #expect(lonely?.report.isPartial ?? true)
  }
}
