internal import Bytes
internal import Codecs

/// An image made of several files, each at an address of its own.
enum SegmentedImage {
  static func open(
    _ segments: [SegmentSpecification], isCancelled: @escaping @Sendable () -> Bool
  ) throws(ImageError) -> MemoryImage {
    var regions: [MemoryRegion] = []
    var files: [FileIdentity] = []
    var unreadable: [UnreadableParts] = []
    var stored: [FileIdentity: UInt64] = [:]
    var warnings: [Finding] = []
    for segment in segments {
      let source = try rethrow(
        as: ImageError.init(opening:), FileSource(path: segment.path))
      files.append(source.identity)
      unreadable.append(source.unreadable)
      source.unreadable.endure()
      stored[source.identity] = source.stored
      regions.append(try region(of: segment, in: source))
      warnings += try rethrow(as: ImageError.init(reading:), warning(about: segment, source))
    }
    do throws(OverlappingRegions) {
      return MemoryImage(
        name: segments.first?.path ?? "", format: "segments",
        memory: try PhysicalMemory(regions: regions), layout: .identity, layoutIsOpen: false,
        files: files, unreadable: unreadable, warnings: warnings,
        budget: Budget(
          segments.first?.path ?? "", stored: stored.values.reduce(0, &+),
          isCancelled: isCancelled))
    } catch {
      throw ImageError(
        .usage, "\(.segments): \(describe(error.first)) and \(describe(error.second)) overlap")
    }
  }

  /// What begins as another format does is hardly memory.
  private static func warning(
    about segment: SegmentSpecification, _ source: FileSource
  ) throws(ReadError) -> [Finding] {
    guard segment.offset == 0 else { return [] }
    let head = try source.bytes(at: 0, count: ImageFormat.headSize)
    let packing = StreamForm(beginning: head).flatMap { $0 == .zlib ? nil : $0.rawValue }
    let format = ImageFormat.readable.dropLast().first { $0.recognizes(head) }?.name
    guard let name = packing ?? format else { return [] }
    return [
      Finding(
        "\(.segments) \(segment.path): begins as \(name) does, and its bytes are taken for memory as "
          + "they are", isDamage: false)
    ]
  }

  private static func region(
    of segment: SegmentSpecification, in source: FileSource
  ) throws(ImageError) -> MemoryRegion {
    let available = source.size > segment.offset ? source.size - segment.offset : 0
    let length = min(segment.length ?? available, available)
    guard length > 0 else {
      throw ImageError(
        .usage,
        "\(.segments) \(segment.path): holds \(source.size.hex) bytes, expected some at "
          + "offset \(segment.offset.hex)")
    }
    guard let range = Range(start: segment.address, length: length) else {
      throw ImageError(
        .usage,
        "\(.segments) \(segment.path): \(length.hex) bytes at \(segment.address.hex) end "
          + "beyond 64 bits")
    }
    return MemoryRegion(range: range, source: source, offset: segment.offset)
  }

  private static func describe(_ region: MemoryRegion) -> String {
    "\(region.source.name) at \(region.range.hex)"
  }
}
