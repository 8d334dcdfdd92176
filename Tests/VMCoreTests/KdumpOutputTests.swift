import Foundation
import TestSupport
import Testing
import VMCore

@Suite("kdump-compressed output")
struct KdumpOutputTests {
  /// One random image and its vmcore; nil where there is none to make.
  struct Sample {
    let dump: CrashDump
    let elf: [UInt8]
    let pageSize: Int
    let folder: ScratchFolder

    init?(seed: UInt64) throws {
      let random = RandomHeaders.header(seed: seed)
      folder = try ScratchFolder()
      var options = CrashDumpOptions()
      options.elfcorehdr = "0x" + String(random.address, radix: 16)
      options.pageSize = random.pageSize
      options.compatibility = random.compat.rawValue
      options.isExact = random.exact
      options.workers = 1
      options.isRaw = true
      let path = try folder.write(random.memory, to: "image")
      guard let dump = try? CrashDump(imageAt: path, options: options) else { return nil }
      self.dump = dump
      pageSize = Int(random.pageSize)
      elf = try dump.bytes(at: 0, count: Int(dump.size))
    }

    func kdump(_ output: OutputOptions) throws -> [UInt8] {
      try? FileManager.default.removeItem(atPath: folder.path("k"))
      try dump.write(toFileAt: folder.path("k"), as: output)
      return try folder.read("k")
    }
  }

  static func output(_ level: Int, _ engine: String, jobs: Int? = nil) -> OutputOptions {
    var output = OutputOptions()
    output.format = .kdump
    output.level = level
    output.engine = engine
    output.workers = jobs
    return output
  }

  static let engines: [String] =
    OutputOptions.defaultEngine.hasPrefix("zlib") ? ["zlib"] : ["zlib", "libdeflate"]

  @Test(
    "Of random images it holds the memory of the ELF vmcore, with any engine, level and -j",
    arguments: 0..<10)
  func sameMemory(_ part: UInt64) throws {
    var count = 0
    for seed in part * 50..<part * 50 + 50 {
      guard let sample = try Sample(seed: seed) else { continue }
      let core = CoreModel(sample.elf, pageSize: sample.pageSize)
      guard !core.pages.isEmpty else { continue }
      for engine in Self.engines {
        let level = Int(seed % 10)
        let file = try sample.kdump(Self.output(level, engine, jobs: 1))
        let model = try #require(KdumpModel(file), "seed \(seed)")
        #expect(model.pages == core.pages, "seed \(seed)")
        #expect(model.notes == core.notes, "seed \(seed)")
        #expect(model.stored == model.existing, "seed \(seed)")
        #expect(model.zeroPageOffsets.count <= 1, "seed \(seed)")
        let jobs = seed % 2 == 0 ? 2 : 7
        #expect(try sample.kdump(Self.output(level, engine, jobs: jobs)) == file, "seed \(seed)")
      }
      count += 1
    }
    #expect(count > 10)
  }
}
