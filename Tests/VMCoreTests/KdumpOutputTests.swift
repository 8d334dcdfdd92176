import Foundation
import TestSupport
import Testing
import VMCore

@Suite("kdump-compressed output")
struct KdumpOutputTests {
  static func output(
    _ level: Int, _ engine: OutputOptions.Engine, jobs: Int? = nil
  ) -> OutputOptions {
    var output = OutputOptions()
    output.format = .kdump
    output.level = level
    output.engine = engine
    output.workers = jobs
    return output
  }

  static let engines: [OutputOptions.Engine] =
    OutputOptions.defaultEngine.hasPrefix("zlib") ? [.zlib] : [.zlib, .libdeflate]
}

extension KdumpOutputTests {
  /// The image of a recipe of testdata.
  struct Crash {
    let image: BuiltImage
    let dump: CrashDump
    let folder: TemporaryDirectory
    let elf: [UInt8]

    init(_ name: String, adding lines: String = "") throws {
      let recipe = try OpenedRecipe(named: name, adding: lines)
      image = recipe.built
      folder = recipe.directory
      dump = try recipe.open()
      elf = try dump.bytes(at: 0, count: Int(dump.size))
    }

    func written(_ output: OutputOptions, to name: String = "out") throws -> [UInt8] {
      try dump.write(toFileAt: folder.path(name), as: output, mayReplace: true)
      return try folder.bytes(of: name)
    }

    /// What a pipe gets from a kdump run that is interrupted at once.
    func failedStream() throws -> [UInt8] {
      var ends: [Int32] = [0, 0]
      #expect(pipe(&ends) == 0)
      let reader = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
      #expect(throws: VMCoreError.self) {
        try dump.write(
          toDescriptor: ends[1], name: "pipe", as: KdumpOutputTests.output(1, .zlib),
          control: WriteControl(isCancelled: { true }))
      }
      close(ends[1])
      return [UInt8](try #require(try reader.readToEnd()))
    }
  }

  @Test("The flattened form, made into a file, is the file that is written directly")
  func flattened() throws {
    let crash = try Crash("readme")
    var output = Self.output(1, .zlib)
    let direct = try crash.written(output)
    output.isFlattened = true
    let stream = try crash.written(output, to: "flat")
    let model = try #require(FlattenedModel(stream))
    #expect(model.isWhole)
    #expect(model.content == direct)
    #expect(model.records.first?.offset == 0)
    #expect(stream.count < direct.count + 8192)
  }

  @Test("The flattened ELF vmcore is in ascending records of 1 MiB without its zeros, and as long")
  func flattenedELF() throws {
    let recipe = try OpenedRecipe(
      """
      arch x86_64
      ram 0x1000-0x9fc00
      ram 1M-9M
      fill 2M-0x200100 random 1
      fill 0x5ff000-0x601000 random 2
      crash 0x700000-0x780000
      cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=7
      osrelease 6.12.9-amd64
      producer kernel
      header 0x700000
      moment before
      """)
    let dump = try recipe.open()
    var output = OutputOptions()
    output.isFlattened = true
    try dump.write(toFileAt: recipe.directory.path("flat"), as: output)
    let model = try #require(
      FlattenedModel(
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: recipe.directory.path("flat"))))))
    #expect(model.isWhole)
    let isSame = try model.content == dump.allBytes()
    #expect(isSame)
    let last = Int(dump.size) / (1 << 20) * (1 << 20)
    #expect(model.records.count < last >> 20)
    var end = 0
    for record in model.records {
      #expect(record.offset >= end && record.offset % (1 << 20) == 0)
      #expect(record.count == (record.offset == last ? Int(dump.size) - last : 1 << 20))
      end = record.offset + record.count
    }
    #expect(end == Int(dump.size))
  }

  @Test("The files of a split set are as long as allowed, whatever the pages are like")
  func splitSizes() throws {
    let recipe = try OpenedRecipe(
      """
      arch x86_64
      ram 0x1000-0x9fc00
      ram 1M-96M
      fill 4M-6M random 1
      fill 0x3000000-0x3080000 text "page after page of the same text\\n"
      fill 0x5000000-0x5180000 random 2
      crash 0x700000-0x780000
      cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=7
      osrelease 6.12.9-amd64
      producer kernel
      header 0x700000
      moment before
      """)
    var output = Self.output(1, .zlib)
    output.splitSize = 1_000_000
    try recipe.open().write(toFileAt: recipe.directory.path("set"), as: output)
    let sizes = try (1...100).lazy.map { recipe.directory.path("set.\($0)") }
      .prefix { FileManager.default.fileExists(atPath: $0) }
      .map { try Data(contentsOf: URL(fileURLWithPath: $0)).count }
    #expect(sizes.allSatisfy { $0 <= 1_000_000 })
    #expect(sizes.dropLast().allSatisfy { $0 >= 800_000 }, "\(sizes)")
  }

  @Test("Into a stream a kdump file is flattened, and that is said once")
  func streamed() throws {
    let crash = try Crash("readme")
    let direct = try crash.written(Self.output(1, .zlib))
    let descriptor = open(crash.folder.path("log"), O_WRONLY | O_CREAT | O_APPEND, 0o600)
    defer { close(descriptor) }
    let notices = Notices()
    try crash.dump.write(
      toDescriptor: descriptor, name: "log", as: Self.output(1, .zlib),
      control: WriteControl(notice: { notices.add($0) }))
    #expect(FlattenedModel(try crash.folder.bytes(of: "log"))?.content == direct)
    #expect(notices.texts.count == 1)
    #expect(notices.texts.first?.contains("makedumpfile -R") == true)
  }

  @Test("Behind what a redirected file holds already, every byte of the dump is written")
  func redirected() throws {
    let crash = try Crash("readme")
    let direct = try crash.written(Self.output(1, .zlib))
    let old = [UInt8](repeating: 0xee, count: direct.count + 10_000)
    let path = try crash.folder.file(old, named: "old")
    let descriptor = open(path, O_WRONLY)
    defer { close(descriptor) }
    lseek(descriptor, 100, SEEK_SET)
    try crash.dump.write(toDescriptor: descriptor, name: "old", as: Self.output(1, .zlib))
    let result = try crash.folder.bytes(of: "old")
    #expect(Array(result[100..<100 + direct.count]) == direct)
    #expect(result.count == old.count)
  }

  @Test("A failed flattened run ends with records that makedumpfile -R refuses")
  func failed() throws {
    let stream = try Crash("readme").failedStream()
    #expect(FlattenedModel(stream)?.isWhole == false)
    #expect(stream.suffix(32).allSatisfy { $0 == 0 })
  }

  @Test("A digest is that of the file, beside it", arguments: [0, 1, 2, 3])
  func digest(_ form: Int) throws {
    let crash = try Crash("readme")
    var output = form < 2 ? Self.output(1, .zlib) : OutputOptions()
    if form == 1 { output.isFlattened = true }
    if form == 3 { output.gzipLevel = 1 }
    output.hasDigest = true
    let bytes = try crash.written(output)
    let sum = SHA256Model.digest(bytes)
      .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    let sidecar = String(decoding: try crash.folder.bytes(of: "out.sha256"), as: UTF8.self)
    #expect(sidecar == "\(sum)  out\n")
  }

  @Test("A run can be interrupted while its digest is made", arguments: [nil, 1 << 20])
  func interruptedDigest(_ splitSize: UInt64?) throws {
    let crash = try Crash("readme")
    var output = Self.output(1, .zlib, jobs: 1)
    output.hasDigest = true
    output.splitSize = splitSize
    let moment = DigestMoment(workSize: try crash.dump.plan(output).work)
    let control = WriteControl(
      progress: { moment.done($0) }, isCancelled: { moment.isReached })
    let error = #expect(throws: VMCoreError.self) {
      try crash.dump.write(toFileAt: crash.folder.path("out"), as: output, control: control)
    }
    #expect(error?.kind == .cancelled)
    #expect(error?.description.hasSuffix("interrupted after 0 bytes of its digest") == true)
    #expect(crash.folder.names == ["image.bin"])
  }

  @Test("What contradicts itself is refused before anything is written")
  func contradictions() throws {
    let crash = try Crash("readme")
    var gzip = Self.output(1, .zlib)
    gzip.gzipLevel = 1
    var split = OutputOptions()
    split.splitSize = 1 << 20
    var level = Self.output(10, .zlib)
    level.format = .kdump
    for output in [gzip, split, level] {
      #expect(throws: VMCoreError.self) { try crash.written(output, to: "none") }
    }
    #expect(crash.folder.names == ["image.bin"])
  }
}

/// Texts that were told from any thread.
private final class Notices: @unchecked Sendable {
  private let lock = NSLock()
  private var all: [String] = []
  var texts: [String] { lock.withLock { all } }
  func add(_ text: String) { lock.withLock { all.append(text) } }
}

/// Tells when pages are no longer written: the second question after the last of them.
private final class DigestMoment: @unchecked Sendable {
  private let lock = NSLock()
  private let workSize: UInt64
  private var questions: Int?

  init(workSize: UInt64) {
    self.workSize = workSize
  }

  func done(_ count: UInt64) {
    lock.withLock { if count == workSize { questions = 0 } }
  }

  var isReached: Bool {
    lock.withLock {
      questions = questions.map { $0 + 1 }
      return (questions ?? 0) > 1
    }
  }
}
