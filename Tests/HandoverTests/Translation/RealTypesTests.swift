import CrashedKernel
import DumpRecords
import TestSupport
import Testing

@Suite(
  "The types of real kernels", .enabled(if: RealKernel.isAvailable, "\(RealKernel.absence)"))
struct RealTypesTests {
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
}
