internal import CLinux
internal import Glibc

/// Number of processors that this process may use, at least one: its affinity mask, and the
/// processor time that its control groups leave it.
package func availableProcessors() -> Int {
  let mask = max(1, Int(clinux_processor_count()))
  let limit = ProcessorQuota(reading: textOfSmallFile).processors
  return max(1, min(mask, limit ?? mask))
}

/// How much processor time the control groups of this process leave it.
/// Source: Documentation/admin-guide/cgroup-v2.rst (`cpu.max`), scheduler/sched-bwc.rst (version 1).
package struct ProcessorQuota {
  private let read: (String) -> String?
  private static let root = "/sys/fs/cgroup"

  /// Control groups whose files `read` gives, nil where there is none of that name.
  package init(reading read: @escaping (String) -> String?) {
    self.read = read
  }

  /// The smallest quota on the way to the root, in whole processors rounded up; nil without one.
  package var processors: Int? {
    let groups = (read("/proc/self/cgroup") ?? "").split(separator: "\n")
    let found = groups.flatMap { line -> [Int] in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return [] }
      let controllers = fields[1].split(separator: ",")
      if fields[1].isEmpty { return limits(below: "", group: fields[2], of: unified) }
      return controllers.contains("cpu")
        ? limits(below: "/\(fields[1])", group: fields[2], of: separate) : []
    }
    return found.min()
  }

  private func limits(
    below mount: String, group: Substring, of limit: (String) -> Int?
  ) -> [Int] {
    var names = group.split(separator: "/")
    var limits: [Int] = []
    while true {
      let path = ([ProcessorQuota.root + mount] + names.map(String.init)).joined(separator: "/")
      if let number = limit(path) { limits.append(number) }
      if names.isEmpty { return limits }
      names.removeLast()
    }
  }

  private func unified(_ path: String) -> Int? {
    let words = (read(path + "/cpu.max") ?? "").split { $0 == " " || $0 == "\n" }
    guard words.count == 2 else { return nil }
    return ProcessorQuota.quotient(words[0], words[1])
  }

  private func separate(_ path: String) -> Int? {
    guard let quota = read(path + "/cpu.cfs_quota_us"),
      let period = read(path + "/cpu.cfs_period_us")
    else { return nil }
    return ProcessorQuota.quotient(
      quota.prefix { $0 != "\n" }, period.prefix { $0 != "\n" })
  }

  /// `max` and −1 are no quota.
  private static func quotient(_ quota: Substring, _ period: Substring) -> Int? {
    guard let quota = Int(quota), let period = Int(period), quota > 0, period > 0 else {
      return nil
    }
    return quota / period + (quota % period == 0 ? 0 : 1)
  }
}

/// The first 4 KiB of a file of `/proc` or `/sys`, whose sizes are not known beforehand.
func textOfSmallFile(_ path: String) -> String? {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes = [UInt8](repeating: 0, count: 4096)
  let count = unsafe bytes.withUnsafeMutableBytes {
    unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
  }
  return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
}
