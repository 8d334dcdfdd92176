import Bytes
import CoreWriting
import CrashedKernel
import Foundation
import Handover
import MemoryImages
import TestSupport
import Testing

/// What makedumpfile of each machine's own architecture leaves out of real crashes.
@Suite(
  "Pages that are left out of real crashes",
  .enabled(if: FilterCase.isAvailable, "\(FilterCase.absence)"))
struct RealSelectionTests {
  @Test(
    "are those that makedumpfile leaves out, frame for frame and class for class",
    arguments: FilterCase.all)
  func frames(_ real: FilterCase) throws {
    let selected = try SelectedImage(real)
    for (level, expected) in real.judge.levels.sorted(by: { $0.key < $1.key })
    where expected.status == 0 {
      let selection = try selected.select(try #require(UInt8(level)))
      #expect(
        try selected.digest(of: selection) == expected.sha256, "level \(level) of \(real.name)")
      guard let report = expected.report else { continue }
      #expect(selection.counts[.cache] == report.cache, "level \(level)")
      #expect(selection.counts[.privateCache] == report.privateCache, "level \(level)")
      #expect(selection.counts[.user] == report.user, "level \(level)")
      #expect(selection.counts[.free] == report.free, "level \(level)")
      #expect(selection.unreadable == 0)
    }
  }

  @Test("are compared for every image of which a makedumpfile could tell")
  func areAll() {
    #expect(FilterCase.all.count == FilterCase.listed.count)
    #expect(FilterCase.all.count >= 18)
    let outcomes = FilterCase.all.flatMap {
      Array($0.judge.levels.values) + Array($0.judge.elf.values)
    }
    #expect(outcomes.count { $0.status == 0 } >= 244)
  }

  @Test("leave the ELF file that makedumpfile -E writes, byte for byte", arguments: FilterCase.all)
  func core(_ real: FilterCase) throws {
    let selected = try SelectedImage(real)
    for (level, expected) in real.judge.elf where expected.status == 0 {
      let (file, zeros) = try selected.cut(try #require(UInt8(level)))
      #expect(file.size == expected.size)
      #expect(zeros == expected.report?.zero)
      #expect(try selected.digest(of: file) == expected.sha256, "level \(level) of \(real.name)")
    }
  }

  @Test(
    "are the same by any number of threads", arguments: FilterCase.all.prefix(3))
  func threads(_ real: FilterCase) throws {
    let selected = try SelectedImage(real)
    let one = try selected.digest(of: selected.select(31, workers: 1))
    for workers in [2, 7] {
      #expect(try selected.digest(of: selected.select(31, workers: workers)) == one)
    }
  }
}

/// A case of `../shared/images/filter.json` whose image is unpacked.
struct FilterCase: Sendable, CustomTestStringConvertible {
  let name: String
  let path: String
  let selection: Selection
  let judge: Judge

  var testDescription: String { name }

  /// What one makedumpfile does.
  struct Judge: Decodable, Sendable {
    var levels: [String: Outcome]
    var elf: [String: Outcome]
  }

  /// What it does at one level.
  struct Outcome: Decodable, Sendable {
    var status: Int
    var sha256: String?
    var size: UInt64?
    var report: Report?
  }

  /// What it counts.
  struct Report: Decodable, Sendable {
    var zero: UInt64
    var cache: UInt64
    var privateCache: UInt64
    var user: UInt64
    var free: UInt64

    enum CodingKeys: String, CodingKey {
      case zero, cache, user, free
      case privateCache = "private"
    }
  }

  private struct Document: Decodable {
    struct Case: Decodable { var makedumpfile: [String: Judge] }
    var cases: [String: Case]
  }

  private struct Images: Decodable {
    struct Case: Decodable {
      var name: String
      var image: String
    }
    var cases: [Case]
  }

  /// The newest that was asked: older ones fail on some machines, or are wrong.
  private static let newest = "1.7.9++"

  /// The names of all, whether their images are unpacked or not.
  static let listed: [String] = document?.cases.keys.sorted() ?? []

  private static let document: Document? = {
    RecipeFiles.shared("images/filter.json")
      .flatMap { FileManager.default.contents(atPath: $0) }
      .flatMap { try? JSONDecoder().decode(Document.self, from: $0) }
  }()

  static let all: [FilterCase] = {
    let environment = ProcessInfo.processInfo.environment
    guard let images = environment["VMCOREGEN_IMAGES"], let shared = RecipeFiles.shared("images"),
      let list = FileManager.default.contents(atPath: shared + "/cases.json"),
      let named = try? JSONDecoder().decode(Images.self, from: list), let document
    else { return [] }
    return document.cases.sorted { $0.key < $1.key }.compactMap { name, value in
      let parts = name.split(separator: "/")
      guard let image = named.cases.first(where: { $0.name == parts[0] })?.image,
        let judge = value.makedumpfile[newest],
        FileManager.default.fileExists(atPath: "\(images)/\(image)")
      else { return nil }
      return FilterCase(
        name: name, path: "\(images)/\(image)", selection: parts.count > 1 ? .all : .production,
        judge: judge)
    }
  }()

  static let isAvailable = !all.isEmpty || OutsideTool.isRequired
  static let absence = "the real images are not there: VMCOREGEN_IMAGES must name their folder"
}

/// An image whose system was found, to be filtered any number of times.
struct SelectedImage {
  let system: CrashedSystem
  let frames: SelectedFrames
  private let plan: CorePlan
  private let file: ELFCoreFile

  init(_ real: FilterCase) throws {
    try self.init(path: real.path, real.selection)
  }

  init(path: String, _ selection: Selection = .production) throws {
    let image = try ImageFormat.open(
      path: path, options: ImageOptions(machines: Architecture.identities))
    var options = SearchOptions()
    options.selection = selection
    system = try SystemFinder.find(in: image, options)
    plan = try CorePlan(for: system, PlanOptions())
    file = ELFCoreFile(plan, memory: system.oldMemory)
    frames = try SelectedFrames(
      of: plan, in: file, system.architecture, budget: system.imageMemory.budget)
  }

  func select(_ level: UInt8, workers: Int = 2) throws -> PageSelection {
    try PageSelection.make(
      DumpLevel(rawValue: level), of: frames, in: system, workers: workers)
  }

  func survey() throws -> PageSurvey {
    try PageSurvey(of: frames, in: system, workers: 2) { false }
  }

  func cut(_ level: UInt8) throws -> (ELFCoreFile, zeros: UInt64) {
    let (cut, zeros) = try plan.cut(try select(level), frames, workers: 2, isPacked: true)
    return (ELFCoreFile(cut, memory: system.oldMemory), zeros)
  }

  /// The frames that are left out.
  func leftOut(by selection: PageSelection) throws -> Set<UInt64> {
    var result: Set<UInt64> = []
    for range in frames.ranges {
      var frame = range.lowerBound
      while frame < range.upperBound {
        let stretch = selection.stretch(at: frame)
        let end = min(range.upperBound, stretch.end)
        if stretch.isSet { result.formUnion(frame..<end) }
        frame = end
      }
    }
    return result
  }

  /// The digest of the second bitmap of a kdump-compressed file, up to the last frame.
  func digest(of selection: PageSelection) throws -> String {
    let end = frames.ranges.last?.upperBound ?? 0
    var bytes = [UInt8](repeating: 0, count: Int((end + 7) / 8))
    let leftOut = try leftOut(by: selection)
    for frame in frames.ranges.joined() where !leftOut.contains(frame) {
      bytes[Int(frame / 8)] |= 1 << (frame % 8)
    }
    return Self.hexadecimal(SHA256.digest(of: bytes))
  }

  func digest(of file: ELFCoreFile) throws -> String {
    var sum = SHA256()
    var offset: UInt64 = 0
    while offset < file.size {
      let bytes = try file.bytes(at: offset, count: 1 << 20)
      bytes.withUnsafeBytes { sum.update($0) }
      offset += UInt64(bytes.count)
    }
    return Self.hexadecimal(sum.finish())
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
  }
}
