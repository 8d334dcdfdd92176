import CoreWriting
import Foundation
import TestSupport
import Testing

/// The second kernel of riscv64 machines leaves the struct pages out of its loads, so that no
/// makedumpfile can filter their vmcore: a plain model with page tables of its own is the judge.
@Suite(
  "Pages that are left out where no makedumpfile can tell",
  .enabled(if: FilterCase.isAvailable, "\(FilterCase.absence)"))
struct RealModelTests {
  static let names = ["riscv64-kexec_load", "riscv64-kexec_load-before"]

  /// Every case that the newest makedumpfile fails with.
  static let cases = FilterCase.all.filter { $0.judge.levels.values.allSatisfy { $0.status != 0 } }

  @Test("are judged for every image with which makedumpfile fails")
  func areAll() {
    #expect(Self.cases.map(\.name) == Self.names)
  }

  @Test("are those of a second model", arguments: cases)
  func model(_ real: FilterCase) throws {
    let machine = try RawRISCV(image: real.path, head: real.name)
    let model = PageModel(machine.information, word: 8, order: .little) { machine.page($0) }
    let selected = try SelectedImage(real)
    let first = machine.existing.min() ?? 0
    let last = machine.existing.max() ?? 0
    let perSection: UInt64 = 1 << 15
    let arrays = (first / perSection...last / perSection).map {
      $0 * perSection..<($0 + 1) * perSection
    }
    for level in [31, 16] as [UInt8] {
      let expected = model.leftOut(
        level: level, existing: machine.existing, tested: machine.existing, arrays: arrays)
      #expect(expected.count > 1000)
      let found = try selected.leftOut(by: selected.select(level))
      #expect(found == Set(expected.keys), "level \(level)")
    }
  }
}

/// A raw image of a riscv64 machine with sv48, read by hand.
private final class RawRISCV {
  private(set) var information = ""
  /// Frames of the loads, which are whole pages.
  private(set) var existing: Set<UInt64> = []
  private let file: FileHandle
  private let base: UInt64 = 0x8000_0000
  private var root: UInt64 = 0
  private var pageMap: UInt64 = 0
  private var tables: [UInt64: [UInt8]] = [:]

  init(image: String, head name: String) throws {
    file = try #require(FileHandle(forReadingAtPath: image))
    let path = try #require(RecipeFiles.shared("images/heads/\(name).head"))
    let head = [UInt8](try #require(FileManager.default.contents(atPath: path)))
    let text = try #require(Data(head).range(of: Data("OSRELEASE=".utf8)))
    information = String(decoding: head[text.lowerBound...].prefix { $0 != 0 }, as: UTF8.self)
    for index in 0..<Int(Self.number(head, 56, 2)) {
      let entry = 64 + index * 56
      guard Self.number(head, entry, 4) == 1 else { continue }
      let start = Self.number(head, entry + 24, 8)
      let end = start + Self.number(head, entry + 40, 8)
      existing.formUnion(start / 4096..<(end + 4095) / 4096)
    }
    let symbol = try #require(value("SYMBOL(swapper_pg_dir)", 16))
    root = symbol &- (try #require(value("NUMBER(va_kernel_pa_offset)", 16)))
    pageMap = try #require(value("SYMBOL(vmemmap)", 16))
  }

  private func value(_ key: String, _ radix: Int) -> UInt64? {
    for line in information.split(separator: "\n") where line.hasPrefix(key + "=") {
      let text = line.dropFirst(key.count + 1)
      return UInt64(text.hasPrefix("0x") ? text.dropFirst(2) : text, radix: radix)
    }
    return nil
  }

  private static func number(_ bytes: [UInt8], _ offset: Int, _ width: Int) -> UInt64 {
    bytes[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// A page of physical memory.
  private func memory(_ page: UInt64) -> [UInt8] {
    if let known = tables[page] { return known }
    try? file.seek(toOffset: page - base)
    let bytes = [UInt8]((try? file.read(upToCount: 4096)) ?? Data())
    tables[page] = bytes
    return bytes
  }

  private func physical(_ address: UInt64) -> UInt64? {
    var table = root
    for shift in [39, 30, 21, 12] as [UInt64] {
      let index = Int(address >> shift & 511)
      let entry = Self.number(memory(table), index * 8, 8)
      guard entry & 1 == 1 else { return nil }
      let next = (entry >> 10 & 0xfff_ffff_ffff) << 12
      if entry & 0xe != 0 { return next + address % (1 << shift) }
      table = next
    }
    return nil
  }

  func page(_ frame: UInt64) -> [UInt8]? {
    let address = pageMap &+ frame &* 64
    guard let place = physical(address) else { return nil }
    let page = memory(place / 4096 * 4096)
    return Array(page[Int(place % 4096)..<Int(place % 4096) + 64])
  }
}
