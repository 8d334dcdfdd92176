import CoreWriting
import DumpRecords
import Testing

@Suite("The layout that a kernel writes")
struct CompatibilityTests {
  @Test(
    "It changed with Linux 3.11 and with 6.5",
    arguments: [
      ("2.6.32", Compatibility.before3_11), ("3.10", .before3_11), ("3.11", .since3_11),
      ("4.0", .since3_11), ("6.4.99", .since3_11), ("6.5.0-rc1", .since6_5), ("7.0", .since6_5),
    ])
  func release(_ text: String, _ expected: Compatibility) throws {
    #expect(Compatibility(release: try #require(KernelRelease(text))) == expected)
  }
}
