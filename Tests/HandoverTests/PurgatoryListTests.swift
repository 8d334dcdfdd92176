import Bytes
import CrashedKernel
import Handover
import TestSupport
import Testing

@Suite("The purgatory's list of regions")
struct PurgatoryListTests {
  private static func list(
    _ regions: [(UInt64, UInt64)], _ order: RecipeOrder = .little
  ) -> [UInt8] {
    let words = regions.flatMap { [$0.0, $0.1] }
    let bytes = words.flatMap { order.bytes($0, width: 8) }
    return bytes + [UInt8](repeating: 0, count: max(0, 256 - bytes.count))
  }

  @Test(
    "Up to 16 regions are read in their order, in either byte order",
    arguments: RecipeOrder.allCases)
  func literal(_ order: RecipeOrder) throws {
    let regions = (0..<16).map { (0x20_0000 - UInt64($0) * 0x1_0000, UInt64(0x2000)) }
    for count in [1, 3, 16] {
      let list = try #require(
        PurgatoryList(
          Self.list(Array(regions.prefix(count)), order), at: 0x5000,
          order: order == .little ? .little : .big))
      #expect(list.address == 0x5000)
      #expect(list.regions == regions.prefix(count).map { $0.0..<$0.0 + $0.1 })
    }
  }

  @Test(
    "What no purgatory writes is no list",
    arguments: [
      [], [(0x1001, 0x1000)], [(0x1000, 0x1001)], [(0, 0x1000)], [(0x1000, 0)],
      [(0x1000, 0x2000), (0x2000, 0x1000)], [(0x1000, 0x1000), (0, 0), (0x2000, 0x1000)],
      [(UInt64.max - 0xfff, 0x1000)], [(0x1000, 5 << 30)],
      (0..<8).map { (($0 + 1) << 30, 0x2000_1000) },
    ] as [[(UInt64, UInt64)]])
  func refused(_ regions: [(UInt64, UInt64)]) {
    #expect(PurgatoryList(Self.list(regions), at: 0, order: .little) == nil)
  }

  @Test("A list that is cut off at any length is none")
  func cut() {
    let bytes = Self.list([(0x1000, 0x1000)])
    for count in 0..<256 {
      #expect(PurgatoryList(Array(bytes.prefix(count)), at: 0, order: .little) == nil)
    }
    #expect(PurgatoryList(bytes, at: 0, order: .little) != nil)
  }
}
