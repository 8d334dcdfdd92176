internal import Bytes
package import DumpRecords

/// What the running kernel says of the one before it, if it is one that kdump has started.
package struct SecondKernel: Sendable {
  /// The directory below which `/proc` and `/dev` lie, without a slash at its end.
  private let root: String

  /// The running kernel.
  ///
  /// - Parameter root: what stands for `/`.
  package init(root: String = "/") {
    var root = root
    while root.hasSuffix("/") { root.removeLast() }
    self.root = root
  }

  /// The device that shows all memory.
  package var memoryPath: String { "\(root)/dev/mem" }

  /// What would help where it refuses pages of memory; empty where that is done: what is refused
  /// then shares a page with its own.
  package var refusalAdvice: String {
    commandLine.split(separator: " ").contains("iomem=relaxed")
      ? "" : ", unless 'iomem=relaxed' stands on the second kernel's command line"
  }

  /// Whether it is a second kernel that offers no `/proc/vmcore`.
  package var lacksVMCore: Bool {
    FileStatus.kind(at: "\(root)/proc/vmcore") == nil && !headers.isEmpty
  }

  /// A place of the core header, and what names it.
  package struct NamedHeader: Equatable, Sendable {
    package var parameter: ELFCoreHeaderParameter
    /// Words for it: `/proc/cmdline`.
    package var by: String

    /// A place that something names.
    package init(_ parameter: ELFCoreHeaderParameter, by: String) {
      self.parameter = parameter
      self.by = by
    }
  }

  /// Every place that it was told: its device tree's before those of its command line, which has
  /// several where both kexec and whoever loaded the kernel have put one there. The one that the
  /// kernel itself took may be wrong: else there were a `/proc/vmcore`.
  package var headers: [NamedHeader] {
    var all: [NamedHeader] = []
    if let value = bytes(of: "/proc/device-tree/chosen/linux,elfcorehdr"),
      let range = cells.pair(in: value, at: 0)
    {
      all.append(
        NamedHeader(
          ELFCoreHeaderParameter(address: range.0, size: range.1),
          by: "/proc/device-tree/chosen/linux,elfcorehdr"))
    }
    for parameter in ELFCoreHeaderParameter.all(in: commandLine)
    where !all.contains(where: { $0.parameter.address == parameter.address }) {
      all.append(NamedHeader(parameter, by: "/proc/cmdline"))
    }
    return all
  }

  private var commandLine: String {
    let bytes = bytes(of: "/proc/cmdline") ?? []
    return String(decoding: bytes.filter { $0 != 0 && $0 != 10 }, as: UTF8.self)
  }

  private var cells: DeviceTreeCells {
    func number(_ name: String) -> Int? {
      bytes(of: "/proc/device-tree/\(name)").flatMap { value in
        value.count == 4 ? Int(value[3]) : nil
      }
    }
    return DeviceTreeCells(address: number("#address-cells"), size: number("#size-cells"))
  }

  /// Longest file that is read: a command line has at most as many bytes on any architecture.
  private static let longest = 65_536

  /// The bytes of a small file, whose size the kernel may not tell; nil where it cannot be read.
  private func bytes(of path: String) -> [UInt8]? {
    guard let file = try? FileSource(path: root + path) else { return nil }
    var bytes = [UInt8](repeating: 0, count: SecondKernel.longest)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe try? file.read(at: 0, into: $0) }
    return count.map { Array(bytes[..<$0]) }
  }
}
