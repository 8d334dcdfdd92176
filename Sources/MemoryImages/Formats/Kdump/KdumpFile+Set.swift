internal import Bytes
internal import DumpRecords

extension KdumpFile {
  /// All files of a dump in the order of their frames; alone where it is not split.
  ///
  /// - Parameter mixes: whether files of different dumps are taken for one, with a warning.
  static func set(
    of file: KdumpFile, with parts: [ImageInput], mixes: Bool
  ) throws(ImageError) -> (files: [KdumpFile], warnings: [Finding]) {
    var files = [file]
    var warnings: [Finding] = []
    for input in parts {
      let part = try KdumpFile(input)
      guard part.isSplit(like: file) else {
        throw ImageError(
          .usage,
          "\(.parts) \(input.name): is no part of the split dump that \(file.source.name) is of")
      }
      if let difference = part.difference(from: file) {
        let text: Message =
          "\(.parts) \(input.name): is of another dump than \(file.source.name): \(difference)"
        guard mixes else {
          throw ImageError(.unusable, "\(text) (\(.mixesParts) takes it all the same)")
        }
        warnings.append(Finding(text))
      }
      files.append(part)
    }
    files.sort {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    let filled = files.filter { !$0.range.isEmpty }
    for (first, second) in zip(filled, filled.dropFirst())
    where first.range.upperBound > second.range.lowerBound {
      throw ImageError(
        .usage,
        "\(.parts): \(first.source.name) and \(second.source.name) both have the page frames from "
          + "\(second.range.lowerBound.hex) on")
    }
    return (files, warnings)
  }

  private func isSplit(like other: KdumpFile) -> Bool {
    subHeader.split == 1 && other.subHeader.split == 1 && frames == other.frames
      && blockSize == other.blockSize && order == other.order
  }

  /// What shows that two files are not of one dump: whoever splits one copies its header.
  private func difference(from other: KdumpFile) -> String? {
    let names = header.systemName.fields
    for (field, expected) in zip(names, other.header.systemName.fields)
    where field.value != expected.value {
      return "\(field.name) is '\(field.value)', expected '\(expected.value)'"
    }
    let (time, otherTime) = (header.timestamp, other.header.timestamp)
    if time != otherTime { return "timestamp is \(time), expected \(otherTime)" }
    if let time = crashTime, let otherTime = other.crashTime, time != otherTime {
      return "CRASHTIME is \(time), expected \(otherTime)"
    }
    return nil
  }

  /// What vmcoreinfo says, where the sub header tells where its text stands.
  private var crashTime: UInt64? {
    let count = Int(min(subHeader.infoSize, UInt64(VMCoreInfo.largestText)))
    guard count > 0, let text = try? source.bytes(at: subHeader.infoOffset, count: count) else {
      return nil
    }
    return VMCoreInfo(text).crashTime
  }
}

extension KdumpHeader {
  /// Seconds and millionths.
  fileprivate var timestamp: String {
    let digits = String(microseconds)
    return "\(seconds)." + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }
}

extension UTSName {
  /// Each text with its C name.
  fileprivate var fields: [(name: String, value: String)] {
    [
      ("sysname", system), ("nodename", node), ("release", release), ("version", version),
      ("machine", machine), ("domainname", domain),
    ]
  }
}
