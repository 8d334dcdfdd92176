internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// A kdump-compressed dump of makedumpfile or QEMU, in one file or in several (`--split`).
  package static let kdump = ImageFormat(
    name: "kdump-compressed", accepts: .parts,
    recognizes: { $0.starts(with: KdumpHeader.signature) }, open: KdumpImage.open)
}

/// Reads header_version 1 to 6 of every machine, with pages packed in any form.
private enum KdumpImage {
  /// Stretches of memory at most: more than any machine has.
  private static let mostRuns = 1 << 20

  static func open(
    _ input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    var input = input
    var parts: [ImageInput] = []
    for part in input.parts { parts.append(try FlattenedImage.plain(part)) }
    input.parts = parts
    let file = try KdumpFile(input)
    let (files, warnings) = try KdumpFile.set(of: file, with: parts, mixes: options.mixesParts)
    let directories = try files.map { file throws(ImageError) in
      try rethrow(as: ImageError.init(reading:), KdumpDirectory(file))
    }
    let existing = try rethrow(as: ImageError.init(reading:), file.existing())
    let runs = try rethrow(as: ImageError.init(reading:), runs(of: existing, input.name))
    let volumes = try directories.map { directory throws(ImageError) in
      try rethrow(as: ImageError.init(reading:), KdumpVolume(directory, input.budget))
    }
    guard !runs.isEmpty else {
      throw ImageError(
        .unusable, "\(input.name): no bit of the first bitmap is set: the dump holds no memory")
    }
    let strays = try rethrow(
      as: ImageError.init(reading:), strays(in: directories.first?.dumped, beside: runs))
    let state = KdumpState(
      file: file, volumes: volumes, existing: existing.count, strays: strays, runs: runs)
    let ranges = runs.map { file.addresses(of: $0) }
    let map = PieceMap(
      laterWins: ranges.map { PieceMap.Piece(range: $0, position: $0.lowerBound) })
    let core = try KdumpCore(of: file, loads: ranges, missing: state.missing, options.machines)
    let damage = state.damage
    let pages = KdumpPages(volumes, of: file, damage)
    return MemoryImage(
      ofDump: input, as: .kdump, memory: PhysicalMemory(map, in: pages), stored: core.stored,
      warnings: warnings + state.warnings + core.warnings, damage: damage)
  }

  /// Stretches of memory up to which the bitmaps are held against each other.
  private static let mostCompared = 1 << 10

  /// How many pages the dump has of frames that the first bitmap does not.
  private static func strays(
    in dumped: KdumpBitmap?, beside runs: [Range<UInt64>]
  ) throws(ReadError) -> UInt64 {
    guard let dumped, runs.count <= mostCompared else { return 0 }
    var known: UInt64 = 0
    for run in runs {
      let before = try dumped.rank(of: run.lowerBound)
      known += max(before, try dumped.rank(of: run.upperBound)) - before
    }
    return max(known, dumped.count) - known
  }

  /// The memory that existed, in frames.
  private static func runs(
    of existing: KdumpBitmap, _ name: String
  ) throws(ReadError) -> [Range<UInt64>] {
    guard let runs = try existing.runs(atMost: mostRuns) else {
      throw ReadError(
        source: name, offset: 0,
        reason: "the first bitmap has more than \(mostRuns) stretches of memory")
    }
    return runs
  }
}

/// How whole a dump is.
private struct KdumpState {
  let file: KdumpFile
  let volumes: [KdumpVolume]
  /// Number of frames that existed, and where they are.
  let existing: UInt64
  /// Number of pages of other frames.
  let strays: UInt64
  let runs: [Range<UInt64>]

  /// What the user must know, in the order in which it is told.
  var warnings: [Finding] { leftOut + lost + stray + incomplete + absentVolumes }

  private var stray: [Finding] {
    guard strays > 0 else { return [] }
    return [
      Finding(
        "the dump has \(strays) pages that its first bitmap says the machine did not have: one of the "
          + "bitmaps is damaged, and they are left out", isPartial: true)
    ]
  }

  private var leftOut: [Finding] {
    let dumped = volumes.first?.directory.dumped.count ?? 0
    guard existing + strays > dumped else { return [] }
    return [
      Finding(
        "the dump leaves out \(existing + strays - dumped) of \(existing) pages (dump level "
          + "\(file.subHeader.dumpLevel)): they read as zeros", isDamage: false)
    ]
  }

  private var lost: [Finding] {
    volumes.compactMap { volume in
      let lost = volume.lost
      guard lost.count > 0 else { return nil }
      let text = PageDamage.text(lost.count, "lost", lost.first, file.blockSize)
      return Finding(
        "\(volume.directory.file.source.name): \(text): "
          + "\(lost.count == 1 ? "it reads" : "they read") as zeros",
        isPartial: true)
    }
  }

  /// The pages that are known to be damaged before any is read.
  var damage: PageDamage {
    PageDamage(
      of: file.source.name, pageSize: file.blockSize,
      told: (
        volumes.reduce(0) { $0 + $1.damaged.count },
        Array(volumes.flatMap(\.damaged.first).sorted().prefix(PageDamage.shown))
      ))
  }

  private var incomplete: [Finding] {
    volumes.contains { $0.directory.file.header.status.contains(.incomplete) }
      ? [Finding("the dump is marked as incomplete by whoever wrote it", isPartial: true)] : []
  }

  // MARK: Files of a split set that were not given

  /// The frames of which no file of the set was given.
  private var absentFrames: RangeSet {
    guard file.subHeader.split == 1 else { return RangeSet([]) }
    return RangeSet(volumes.map(\.directory.file.range)).gaps(in: 0..<file.frames)
  }

  /// The memory in them.
  var missing: [Range<UInt64>] {
    let absent = absentFrames.ranges
    guard !absent.isEmpty else { return [] }
    let runs = RangeSet(runs)
    return absent.flatMap { runs.clamped(to: $0).ranges }.map { file.addresses(of: $0) }
  }

  private var absentVolumes: [Finding] {
    guard !missing.isEmpty else { return [] }
    let gaps = absentFrames.ranges.map { file.addresses(of: $0).hex }
    let isOne = gaps.count == 1
    return [
      Finding(
        "the dump is split, and \(isOne ? "a file" : "files") of the set with the memory "
          + "\(gaps.joined(separator: ", ")) \(isOne ? "is" : "are") not given: \(.parts) names the "
          + "others",
        isPartial: true)
    ]
  }
}
