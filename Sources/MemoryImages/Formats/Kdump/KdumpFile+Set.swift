internal import Bytes
internal import DumpRecords

extension KdumpFile {
  /// All files of a dump in the order of their frames; alone where it is not split.
  static func set(
    of file: KdumpFile, with parts: [ImageInput]
  ) throws(ImageError) -> [KdumpFile] {
    var files = [file]
    for input in parts {
      let part = try KdumpFile(input)
      guard part.isSplit(like: file) else {
        throw ImageError(
          .usage,
          "\(.parts) \(input.name): is no part of the split dump that \(file.source.name) is of")
      }
      files.append(part)
    }
    files.sort { $0.range.lowerBound < $1.range.lowerBound }
    for (first, second) in zip(files, files.dropFirst())
    where first.range.upperBound > second.range.lowerBound {
      throw ImageError(
        .usage,
        "\(.parts): \(first.source.name) and \(second.source.name) both have the page frames from "
          + "\(second.range.lowerBound.hex) on")
    }
    return files
  }

  private func isSplit(like other: KdumpFile) -> Bool {
    subHeader.split == 1 && other.subHeader.split == 1 && frames == other.frames
      && blockSize == other.blockSize && order == other.order
      && header.systemName == other.header.systemName
  }
}
