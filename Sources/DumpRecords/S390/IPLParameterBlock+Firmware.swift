internal import Bytes

extension IPLParameterBlock {
  /// A file below `/sys/firmware/reipl`, and what is written to it.
  package struct FirmwareFile: Equatable, Sendable {
    /// Its path from there: `fcp/wwpn`.
    package var name: String
    /// What is written, in one call.
    package var content: [UInt8]
    /// Whether a kernel without the file does what is asked for all the same.
    package var mayLack: Bool
  }

  /// The files that make a running kernel start what the block says, in the order in which they are
  /// written: the type comes last, since only that makes the kernel use what was written before
  /// (`reipl_type_store`, `arch/s390/kernel/ipl.c`).
  ///
  /// - Parameter clears: whether memory is cleared; nil leaves that to the kernel.
  /// - Returns: nil where the kernel has no files for such a block, as for that of a dump tool.
  package func firmwareFiles(clears: Bool?) -> [FirmwareFile]? {
    let data: [UInt8]
    switch device {
    case .ccw: data = []
    case .fcp(let disk): data = disk.list.data
    case .nvme(let disk): data = disk.list.data
    case .eckd(let disk): data = disk.list.data
    case .other: return nil
    }
    // A dump tool's is of the folder without its own type.
    guard let type = attributes.first?.value, type == typeName else { return nil }
    var files = attributes.dropFirst().map { name, value in
      name == "\(type)/scp_data"
        ? FirmwareFile(name: name, content: IPLParameterBlock.stored(data), mayLack: false)
        : IPLParameterBlock.line(value, in: name)
    }
    if let clears, type != "nss" {
      files.append(
        FirmwareFile(
          name: "\(type)/clear", content: Array((clears ? "1\n" : "0\n").utf8), mayLack: !clears))
    }
    return files + [IPLParameterBlock.line(type, in: "reipl_type")]
  }

  /// An empty value is a line too, since a write of no bytes does nothing. A logical partition has
  /// no parameter for z/VM.
  private static func line(_ value: String, in name: String) -> FirmwareFile {
    FirmwareFile(
      name: name, content: Array("\(value)\n".utf8),
      mayLack: value.isEmpty && name.hasSuffix("/parm"))
  }

  /// SCP data is stored as it is, without the zeros to which the kernel pads it; one zero stands for
  /// none at all.
  private static func stored(_ data: [UInt8]) -> [UInt8] {
    let text = Array(data.reversed().drop { $0 == 0 }.reversed())
    return text.isEmpty ? [0] : text
  }
}
