internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// A dump of Fujitsu's firmware: on one partition, on a set of disks, or as a file of a backup.
  package static let sadump = ImageFormat(
    name: "sadump", accepts: .parts, recognizes: SadumpImage.recognizes, open: SadumpImage.open)
}

private enum SadumpImage {
  /// Stretches of memory at most: more than any machine has.
  private static let mostRuns = 1 << 20

  /// A file of a backup has a block of its own before the partition's head.
  static func recognizes(_ head: [UInt8]) -> Bool {
    [0, SadumpPartition.size].contains {
      head.dropFirst($0).starts(with: SadumpPartition.signature)
    }
  }

  static func open(_ input: ImageInput, _: ImageOptions) throws(ImageError) -> MemoryImage {
    let disks = try SadumpDisk.set(of: input)
    let first = disks[0]
    guard first.partition.diskNumber <= 1 else {
      throw ImageError(
        .unusable,
        "\(input.name): is disk \(first.partition.diskNumber) of a set: the first one, which says "
          + "where memory lies, is not given")
    }
    let header = try dumpHeader(of: first)
    let bitmaps = header.place + UInt64(header.blockSize) * (1 + UInt64(header.subHeaderBlocks))
    let second = bitmaps + UInt64(header.bitmapBlocks) * UInt64(header.blockSize)
    let data = second + UInt64(header.dumpedBitmapBlocks) * UInt64(header.blockSize)
    let dumped = try bitmap(of: first, MirroredBits(first.source), at: second, header, input.budget)
    // What is dumped is memory whatever the other bitmap says.
    let either = EitherBits(MirroredBits(first.source), bitmaps, second)
    let memory = try runs(
      of: first, try bitmap(of: first, either, at: 0, header, input.budget), at: bitmaps)
    return try image(of: input, disks, memory, dumped, dataAt: data, UInt64(header.blockSize))
  }

  // MARK: Headers

  private struct PlacedHeader {
    let place: UInt64
    let blockSize: UInt32
    let subHeaderBlocks: UInt32
    let bitmapBlocks: UInt32
    let dumpedBitmapBlocks: UInt32
    let frames: UInt64
  }

  private static func dumpHeader(of disk: SadumpDisk) throws(ImageError) -> PlacedHeader {
    let block = UInt64(SadumpPartition.size)
    var place = disk.start + block
    let bytes = try rethrow(
      as: ImageError.init(reading:), disk.source.bytes(at: place, count: SadumpHeader.size))
    var reader = ByteReader(bytes, order: SadumpPartition.order)
    if disk.partition.diskNumber == 1, let blocks: UInt32 = try? reader.read() {
      // The disk set's own head.
      place += UInt64(blocks) * block
      reader = ByteReader(
        try rethrow(
          as: ImageError.init(reading:), disk.source.bytes(at: place, count: SadumpHeader.size)),
        order: SadumpPartition.order)
    }
    guard let header = try? SadumpHeader(from: &reader) else {
      throw ImageError(
        .unusable, "\(disk.source.name): no dump header of sadump at \(place.hex)")
    }
    guard header.blockSize.nonzeroBitCount == 1, (512...65_536).contains(header.blockSize),
      (1...PhysicalAddress.end / UInt64(header.blockSize)).contains(header.frames),
      min(header.bitmapBlocks, header.dumpedBitmapBlocks) <= 1 << 24,
      UInt64(min(header.bitmapBlocks, header.dumpedBitmapBlocks)) * UInt64(header.blockSize) * 8
        >= header.frames
    else {
      throw ImageError(
        .unusable,
        "\(disk.source.name): sadump header at \(place.hex): \(header.frames) frames of "
          + "\(header.blockSize) bytes do not fit its bitmaps of \(header.bitmapBlocks) and "
          + "\(header.dumpedBitmapBlocks) blocks")
    }
    return PlacedHeader(
      place: place, blockSize: header.blockSize, subHeaderBlocks: header.subHeaderBlocks,
      bitmapBlocks: header.bitmapBlocks, dumpedBitmapBlocks: header.dumpedBitmapBlocks,
      frames: header.frames)
  }

  private static func bitmap(
    of disk: SadumpDisk, _ bits: some ByteSource, at place: UInt64, _ header: PlacedHeader,
    _ budget: Budget
  ) throws(ImageError) -> KdumpBitmap {
    let size = (header.frames + 7) / 8
    guard let end = place.adding(size), end <= bits.size else {
      throw ImageError(
        .unusable,
        "\(disk.source.name): ends at \(disk.source.size.hex), inside its bitmap of "
          + "\(size.hex) bytes at \(place.hex)")
    }
    return try rethrow(
      as: ImageError.init(reading:),
      KdumpBitmap(bits, at: place, frames: header.frames, budget))
  }

  private static func runs(
    of disk: SadumpDisk, _ bitmap: KdumpBitmap, at place: UInt64
  ) throws(ImageError) -> [Range<UInt64>] {
    guard
      let runs = try rethrow(as: ImageError.init(reading:), bitmap.runs(atMost: mostRuns))
    else {
      throw ImageError(
        .unusable,
        "\(disk.source.name): the bitmaps at \(place.hex) have more than \(mostRuns) stretches of "
          + "memory")
    }
    return runs
  }

  // MARK: Memory

  private static func image(
    of input: ImageInput, _ disks: [SadumpDisk], _ runs: [Range<UInt64>], _ dumped: KdumpBitmap,
    dataAt data: UInt64, _ blockSize: UInt64
  ) throws(ImageError) -> MemoryImage {
    let size = dumped.count * blockSize
    let volumes = SadumpVolumes(disks, dataAt: data, size: size)
    let pages = SadumpPages(
      dumped, on: volumes, blockSize: blockSize, name: disks[0].source.name)
    var missing: [Range<UInt64>] = []
    var length: UInt64 = 0
    for gap in volumes.missing(of: size) {
      guard
        let start = try rethrow(
          as: ImageError.init(reading:), pages.address(ofData: gap.lowerBound)),
        let last = try rethrow(
          as: ImageError.init(reading:), pages.address(ofData: gap.upperBound - 1))
      else { continue }
      missing.append(start..<last + 1)
      length += gap.length
    }
    let memory = RangeSet(runs.map { $0.lowerBound * blockSize..<$0.upperBound * blockSize })
      .subtracting(RangeSet(missing))
    guard !memory.ranges.isEmpty else {
      throw ImageError(.unusable, "\(input.name): the sadump file holds no memory")
    }
    return MemoryImage(
      of: input, as: .sadump,
      memory: PhysicalMemory(
        disjoint: memory.ranges.map {
          MemoryRegion(range: $0, source: pages, offset: $0.lowerBound)
        }),
      warnings: missing.first.map { [volumes.warning(length, first: $0.lowerBound)] } ?? [])
  }
}

/// One file of a dump.
struct SadumpDisk {
  let source: any ByteSource
  /// Where the partition's head stands.
  let start: UInt64
  let partition: SadumpPartition

  /// The files of a dump in the order of their numbers.
  fileprivate static func set(of input: ImageInput) throws(ImageError) -> [SadumpDisk] {
    let disks = try ([input] + input.parts).map { file throws(ImageError) in
      try SadumpDisk(file.source)
    }
    for disk in disks where disk.partition.setID != disks[0].partition.setID {
      throw ImageError(
        .usage,
        "\(.parts) \(disk.source.name): is of another dump than \(input.source.name): their "
          + "identifiers differ")
    }
    let sorted = disks.sorted { $0.partition.diskNumber < $1.partition.diskNumber }
    for (disk, next) in zip(sorted, sorted.dropFirst())
    where disk.partition.diskNumber == next.partition.diskNumber {
      throw ImageError(
        .usage,
        "\(.parts) \(next.source.name): is disk \(next.partition.diskNumber) of the set, as "
          + "\(disk.source.name) is")
    }
    return sorted
  }

  private init(_ source: any ByteSource) throws(ImageError) {
    self.source = source
    for start in [0, UInt64(SadumpPartition.size)] {
      let bytes = try rethrow(
        as: ImageError.init(reading:), source.bytes(at: start, count: SadumpPartition.size))
      var reader = ByteReader(bytes, order: SadumpPartition.order)
      if let partition = try? SadumpPartition(from: &reader) {
        self.start = start
        self.partition = partition
        return
      }
    }
    throw ImageError(
      .unusable,
      "\(source.name): no sound head of a sadump partition at 0 or 0x1000: a signature and 982 "
        + "words that follow from one another are expected")
  }
}
