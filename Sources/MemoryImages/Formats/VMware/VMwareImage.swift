internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// The state of a suspended VMware machine or of a snapshot (.vmss, .vmsn): its memory is inside,
  /// or in the .vmem file beside it.
  package static let vmware = ImageFormat(
    name: "VMware state", accepts: .parts, recognizes: VMwareImage.recognizes,
    open: VMwareImage.open)

  /// What VMware says of a machine's memory when its monitor stops it (.guest); the memory is in
  /// the .vmem file beside it.
  package static let vmwareGuest = ImageFormat(
    name: "VMware guest", accepts: .parts, recognizes: { _ in false }, open: VMwareImage.openGuest)
}

enum VMwareImage {
  /// What may stand beside a .vmem file, the one that says more first.
  static let sets = [
    FileSet(
      format: .vmware,
      descriptions: { name in names(beside: name, ["vmss", "vmsn", "VMSS", "VMSN"]) }),
    FileSet(
      format: .vmwareGuest,
      isDescription: { FilePlace.stem(of: $0, ending: "guest") != nil && guest(of: $1) != nil },
      descriptions: { name in names(beside: name, ["guest"]) }),
  ]

  private static func names(beside name: String, _ endings: [String]) -> [String] {
    guard let stem = FilePlace.stem(of: name, ending: "vmem") else { return [] }
    return endings.map { "\(stem).\($0)" }
  }

  static func recognizes(_ head: [UInt8]) -> Bool {
    var reader = ByteReader(head, order: VMwareHeader.order)
    guard let header = try? VMwareHeader(from: &reader) else { return false }
    return (1...VMwareState.mostGroups).contains(Int(header.groupCount))
  }

  static func open(
    _ input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    let state = try VMwareState(input.source)
    if let block = state.memory {
      var input = input
      input.warnings += state.warnings
      return try image(of: input, as: .vmware, state.regions, in: input.source, block)
    }
    let memory = try input.withMemory(at: memoryPaths(of: input, ["vmss", "vmsn"]), options)
    let source = memory.parts[0].source
    return try image(of: memory, as: .vmware, state.regions, in: source, 0..<source.size)
  }

  static func openGuest(
    _ input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    let bytes = try rethrow(
      as: ImageError.init(reading:),
      input.source.bytes(at: 0, count: VMwareGuestHeader.largestSize))
    guard let header = guest(of: bytes) else {
      throw ImageError(
        .unusable,
        "\(input.source.name): its pages and holes do not add up to its last address, as those "
          + "of a VMware .guest file do")
    }
    let memory = try input.withMemory(at: memoryPaths(of: input, ["guest"]), options)
    let source = memory.parts[0].source
    return try image(
      of: memory, as: .vmwareGuest, regions(of: header), in: source, 0..<source.size)
  }

  /// The numbers that a .guest file begins with; nil where they do not fit together.
  private static func guest(of head: [UInt8]) -> VMwareGuestHeader? {
    var reader = ByteReader(
      Array(head.prefix(VMwareGuestHeader.largestSize)), order: VMwareGuestHeader.order)
    return try? VMwareGuestHeader(from: &reader)
  }

  /// What lies between the holes follows without a gap in the file.
  private static func regions(of header: VMwareGuestHeader) -> [VMwareRegion] {
    var regions: [VMwareRegion] = []
    var page: UInt64 = 0
    var frame: UInt64 = 0
    let end = header.lastAddress / VMwareRegion.pageSize + 1
    let ends = header.holes.map { (start: $0.firstPage, end: $0.firstPage + $0.pageCount) }
    for hole in ends + [(start: end, end: end)] {
      regions.append(VMwareRegion(page: page, frame: frame, count: hole.start - frame))
      page += hole.start - frame
      frame = hole.end
    }
    return regions.filter { $0.count > 0 }
  }

  /// The .vmem files of the same name.
  private static func memoryPaths(of input: ImageInput, _ endings: [String]) -> [String] {
    let stem = input.plainPath.flatMap { path in
      endings.lazy.compactMap { FilePlace.stem(of: path, ending: $0) }.first
    }
    return ["vmem", "VMEM"].compactMap { ending in stem.map { "\($0).\(ending)" } }
  }

  private static func image(
    of input: ImageInput, as format: ImageFormat, _ regions: [VMwareRegion],
    in source: any ByteSource, _ block: Range<UInt64>
  ) throws(ImageError) -> MemoryImage {
    var ranges = StoredRanges(in: source)
    var warnings: [Finding] = []
    let all =
      regions.isEmpty
      ? [VMwareRegion(page: 0, frame: 0, count: block.length / VMwareRegion.pageSize)] : regions
    for (index, region) in all.enumerated() {
      let offset = block.lowerBound &+ region.page &* VMwareRegion.pageSize
      let isInside =
        region.isSound
        && ranges.add(
          at: region.frame * VMwareRegion.pageSize, length: region.count * VMwareRegion.pageSize,
          offset: offset)
      if !isInside {
        warnings.append(
          Finding(
            "region \(index) is left out: page \(region.page.hex), frame \(region.frame.hex) and "
              + "\(region.count.hex) pages are no range of memory", isPartial: true))
      }
    }
    guard !ranges.pieces.isEmpty || !ranges.missing.isEmpty else {
      throw ImageError(.unusable, "\(input.name): none of its regions is a range of memory")
    }
    return MemoryImage(
      of: input, as: format, memory: ranges.memory,
      warnings: Array(warnings.prefix(16)) + ranges.warnings)
  }
}

/// Pages that follow one another, both in memory and where they are stored.
struct VMwareRegion {
  /// The first page of the stored memory: `regionPageNum`.
  var page: UInt64 = 0
  /// The first frame: `regionPPN`.
  var frame: UInt64 = 0
  /// Their number: `regionSize`.
  var count: UInt64 = 0

  static let pageSize: UInt64 = 4096

  /// Whether no address or offset of it overflows.
  var isSound: Bool {
    let limit = PhysicalAddress.end / VMwareRegion.pageSize
    return page < limit && frame < limit && count > 0 && count < limit
  }
}
