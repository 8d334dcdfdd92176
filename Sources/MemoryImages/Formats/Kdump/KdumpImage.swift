internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// A kdump-compressed dump of makedumpfile or QEMU, in one file or in several (`--split`).
  package static let kdump = ImageFormat(
    name: "kdump-compressed", recognizes: { $0.starts(with: KdumpHeader.signature) },
    open: KdumpImage.open)
}

/// Reads header_version 1 to 6 of every machine, with pages that zlib packed.
private struct KdumpImage {
  private let input: ImageInput
  private let file: KdumpFile
  private var parts: [(part: KdumpPart, zeroPage: UInt64?)] = []
  private var runs: [Range<UInt64>] = []
  private var missing: [Range<UInt64>] = []
  private var warnings: [ImageWarning]

  /// Stretches of memory at most: more than any machine has.
  private static let mostRuns = 1 << 20

  static func open(
    _ input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    try ImageFormat.refuseLayout(options, of: input)
    var image = try KdumpImage(input)
    do throws(ReadError) { try image.readDirectory() } catch { throw ImageError(error) }
    try image.check()
    return try image.memoryImage()
  }

  private init(_ input: ImageInput) throws(ImageError) {
    self.input = input
    file = try KdumpFile(input.source)
    warnings = input.warnings
    warnings += input.parts.flatMap(\.warnings)
    var files = [file]
    for other in input.parts {
      let part = try KdumpFile(other.source)
      guard part.subHeader.split == 1, file.subHeader.split == 1, part.frames == file.frames,
        part.blockSize == file.blockSize, part.order == file.order,
        part.header.systemName == file.header.systemName
      else {
        throw ImageError(
          .usage, "--part \(other.name): is no part of the split dump that \(input.name) is of")
      }
      files.append(part)
    }
    files.sort { $0.range.lowerBound < $1.range.lowerBound }
    for (first, second) in zip(files, files.dropFirst())
    where first.range.upperBound > second.range.lowerBound {
      throw ImageError(
        .usage,
        "--part: \(first.source.name) and \(second.source.name) both have the page frames from "
          + "\(second.range.lowerBound.hex) on")
    }
    do throws(ReadError) {
      for file in files { parts.append((try KdumpPart(file), nil)) }
    } catch {
      throw ImageError(error)
    }
  }

  private mutating func readDirectory() throws(ReadError) {
    let existing = try file.existing()
    guard let runs = try existing.runs(atMost: KdumpImage.mostRuns) else {
      throw ReadError(
        source: input.name, offset: 0,
        reason: "the first bitmap has more than \(KdumpImage.mostRuns) stretches of memory")
    }
    self.runs = runs
    let dumped = parts.first?.part.dumped.count ?? 0
    if existing.count > dumped {
      warnings.append(
        ImageWarning(
          "the dump leaves out \(existing.count - dumped) of \(existing.count) pages (dump level "
            + "\(file.subHeader.dumpLevel)): they read as zeros"))
    }
  }

  private mutating func check() throws(ImageError) {
    for index in parts.indices {
      let check = try KdumpCheck(parts[index].part)
      parts[index].zeroPage = check.zeroPage
      let name = parts[index].part.file.source.name
      if check.lost > 0, let first = check.firstLost {
        warnings.append(
          ImageWarning(
            "\(name): \(check.lost) pages are lost, the first at "
              + "\((first * file.blockSize).hex): they read as zeros",
            isPartial: true))
      }
    }
    if parts.contains(where: { $0.part.file.header.status.contains(.incomplete) }) {
      warnings.append(
        ImageWarning("the dump is marked as incomplete by whoever wrote it", isPartial: true))
    }
    findMissing()
  }

  /// The memory of files of a split set that were not given.
  private mutating func findMissing() {
    guard file.subHeader.split == 1 else { return }
    var next: UInt64 = 0
    var gaps: [Range<UInt64>] = []
    for range in parts.map(\.part.file.range) + [file.frames..<file.frames] {
      if range.lowerBound > next { gaps.append(next..<range.lowerBound) }
      next = max(next, range.upperBound)
    }
    for gap in gaps {
      missing += runs.map { $0.clamped(to: gap) }.filter { !$0.isEmpty }.map(bytes)
    }
    guard !missing.isEmpty else { return }
    warnings.append(
      ImageWarning(
        "the dump is split, and \(gaps.count == 1 ? "a file" : "files") of the set with the "
          + "memory \(gaps.map { bytes($0).hex }.joined(separator: ", ")) "
          + "\(gaps.count == 1 ? "is" : "are") not given: --part names the others",
        isPartial: true))
  }

  private func bytes(_ frames: Range<UInt64>) -> Range<UInt64> {
    frames.lowerBound * file.blockSize..<frames.upperBound * file.blockSize
  }

  private func memoryImage() throws(ImageError) -> MemoryImage {
    let pages = KdumpPages(parts, blockSize: file.blockSize, frames: file.frames)
    let ranges = runs.map(bytes)
    let map = PieceMap(
      laterWins: ranges.map { PieceMap.Piece(range: $0, position: $0.lowerBound) })
    guard !ranges.isEmpty else {
      throw ImageError(
        .unusable, "\(input.name): no bit of the first bitmap is set: the dump holds no memory")
    }
    var core = KdumpCore(file)
    let stored = try core.stored(ranges, missing: missing)
    return MemoryImage(
      name: input.name, format: ImageFormat.kdump.name, memory: PhysicalMemory(map, in: pages),
      layout: .ofDump, layoutIsOpen: false, files: input.files + input.parts.flatMap(\.files),
      stored: stored, warnings: warnings + core.warnings)
  }
}
