import Bytes
import Testing

@Suite("Processors that may be used")
struct ProcessorQuotaTests {
  static func processors(_ files: [String: String]) -> Int? {
    ProcessorQuota { files[$0] }.processors
  }

  @Test("A quota of version 2 is rounded up to whole processors")
  func unified() {
    let files = [
      "/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/b/cpu.max": "150000 100000\n",
    ]
    #expect(Self.processors(files) == 2)
  }

  @Test("The smallest quota on the way to the root counts")
  func nested() {
    let files = [
      "/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/b/cpu.max": "400000 100000\n",
      "/sys/fs/cgroup/a/cpu.max": "100000 100000\n",
    ]
    #expect(Self.processors(files) == 1)
  }

  @Test("Inside a container the group's own files stand at the root")
  func container() {
    let files = ["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "300000 100000\n"]
    #expect(Self.processors(files) == 3)
  }

  @Test("A quota of version 1 stands in two files")
  func separate() {
    let files = [
      "/proc/self/cgroup": "5:cpu,cpuacct:/g\n3:memory:/g\n",
      "/sys/fs/cgroup/cpu,cpuacct/g/cpu.cfs_quota_us": "50000\n",
      "/sys/fs/cgroup/cpu,cpuacct/g/cpu.cfs_period_us": "100000\n",
    ]
    #expect(Self.processors(files) == 1)
  }

  @Test(
    "No quota, or nothing that can be read, sets no limit",
    arguments: ["max 100000\n", "-1 100000\n", "100000 0\n", "100000\n", "", "a b\n"])
  func unlimited(_ text: String) {
    let files = ["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": text]
    #expect(Self.processors(files) == nil)
    #expect(Self.processors([:]) == nil)
  }
}
