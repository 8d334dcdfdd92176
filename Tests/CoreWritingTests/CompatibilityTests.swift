import CoreWriting
import DumpRecords
import Testing

@Suite("The layout that a kernel writes")
struct CompatibilityTests {
  @Test(
    "It changed with Linux 3.11 and with 6.5, and RHEL 7 has that of 3.11",
    arguments: [
      ("2.6.32", Compatibility.before3_11), ("3.10", .before3_11), ("3.11", .since3_11),
      ("4.0", .since3_11), ("6.4.99", .since3_11), ("6.5.0-rc1", .since6_5), ("7.0", .since6_5),
      ("3.10.0-1160.el7.x86_64", .since3_11), ("3.10.0-957.rt56.910.el7.x86_64", .since3_11),
      ("3.10.0-327.el7.ppc64", .since3_11), ("3.10.0-1127.18.2.vz7.163.46", .since3_11),
      ("3.10.0-229.el7.centos.plus.x86_64", .since3_11), ("3.10.108", .before3_11),
      ("3.8.13-118.el7uek.x86_64", .before3_11), ("2.6.32-754.el6.x86_64", .before3_11),
      ("2.6.39-400.215.el6uek.x86_64", .before3_11), ("3.0.101-108-default", .before3_11),
      ("4.1.12-124.el7uek.x86_64", .since3_11), ("5.14.0-427.el9.x86_64", .since3_11),
    ])
  func release(_ text: String, _ expected: Compatibility) {
    #expect(Compatibility(release: text) == expected)
  }
}
