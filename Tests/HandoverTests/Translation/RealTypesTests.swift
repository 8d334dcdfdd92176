import Bytes
import CrashedKernel
import DumpRecords
import MemoryImages
import TestSupport
import Testing

@Suite(
  "The types of real kernels", .enabled(if: RealKernel.isAvailable, "\(RealKernel.absence)"))
struct RealTypesTests {
  @Test("are looked for in every image, and found in those of distributions")
  func areAll() throws {
    #expect(RealKernel.names.count >= 17)
    let found = try RealKernel.names.filter { name in
      try RealKernel.named(name).kernel.types().value != nil
    }
    #expect(found.count >= 7, "\(found)")
  }

  @Test("agree with every size and offset of vmcoreinfo", arguments: RealKernel.names)
  func agree(_ name: String) throws {
    let real = try RealKernel.named(name)
    guard case .found(let types) = try real.kernel.types() else {
      // The small kernels of s390x, arm64 and ppc64le carry none.
      #expect(["k61", "arm64", "ppc64le"].contains { name.hasPrefix($0) })
      return
    }
    var checked = 0
    for line in String(decoding: real.information.text, as: UTF8.self).split(separator: "\n") {
      guard let equals = line.firstIndex(of: "="), let open = line.firstIndex(of: "("),
        let close = line.firstIndex(of: ")"), open < close, close < equals,
        let value = UInt64(line[line.index(after: equals)...])
      else { continue }
      let what = String(line[line.index(after: open)..<close])
      switch line[..<open] {
      case "SIZE":
        #expect(types.size(of: what) == value, "\(line)")
      case "OFFSET":
        let parts = what.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { continue }
        #expect(types.offset(of: parts[1], in: parts[0]) == value, "\(line)")
      case "NUMBER" where what.hasPrefix("PG_") && !what.contains("_mask"):
        #expect(types.value(of: what) == Int64(value), "\(line)")
      default: continue
      }
      checked += 1
    }
    #expect(checked > 40)
  }

  @Test("stand in for what vmcoreinfo does not say of struct pages", arguments: RealKernel.names)
  func standIn(_ name: String) throws {
    let real = try RealKernel.named(name)
    guard case .found = try real.kernel.types() else { return }
    let lowest = try #require(real.memory.regions.first).range.lowerBound
    let whole = try #require(try PageCensus.read(real.kernel, lowest: lowest).value)
    #expect(whole.warnings.isEmpty)
    var keys = [
      "SIZE(page)", "OFFSET(page.", "NUMBER(PG_", "LENGTH(zone.free_area)", "SIZE(mem_section)",
      "OFFSET(mem_section.", "SYMBOL(mem_section)", "OFFSET(list_head.", "OFFSET(free_area.",
      "SIZE(free_area)", "LENGTH(free_area.", "SIZE(zone)", "OFFSET(zone.", "SIZE(pglist_data)",
      "OFFSET(pglist_data.",
    ]
    // Before Linux 6.11 types of pages are no enumeration.
    if try #require(real.kernel.release) >= KernelRelease(6, 11) { keys.append("NUMBER(PAGE_") }
    let text = String(decoding: real.information.text, as: UTF8.self)
    let rest = text.split(separator: "\n")
      .filter { line in !keys.contains { line.hasPrefix($0) } }.map { $0 + "\n" }.joined()
    #expect(rest.count < text.count - 900)
    let kernel = try #require(
      Kernel(
        VMCoreInfo(Array(rest.utf8)), real.architecture, order: real.order, memory: real.memory))
    let census = try #require(try PageCensus.read(kernel, lowest: lowest).value)
    #expect(census.warnings.map(\.text).joined().contains("(BTF)"))
    #expect(census.rules == whole.rules)
    #expect(census.model.name == whole.model.name)
    for frame in stride(from: 0, to: 1 << 20, by: 4099) as StrideTo<UInt64> {
      let (one, other) = (try census.model.array(at: frame), try whole.model.array(at: frame))
      #expect(one.frames == other.frames && one.address == other.address)
    }
    #expect(try census.freeAreas.value?.count() == whole.freeAreas.value?.count())
  }
}
