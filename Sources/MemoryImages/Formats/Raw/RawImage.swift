internal import Bytes

extension ImageFormat {
  /// Memory as it is: address = file offset, unless a layout says otherwise.
  package static let raw = ImageFormat(
    name: "raw", accepts: .layout, recognizes: { _ in true }, open: RawImage.open)
}

enum RawImage {
  static func open(
    _ input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    let source = input.source
    let layout = try layout(for: source, options)
    let memory = try rethrow(
      as: { (_: OverlappingRegions) in
        ImageError(.usage, "\(.holes): two parts of \(source.name) lie at the same address")
      }, PhysicalMemory(regions: (layout ?? .identity).regions(of: source)))
    return MemoryImage(
      of: input, as: .raw, memory: memory, layout: layout ?? .identity,
      layoutIsOpen: layout == nil, stored: nil, warnings: [])
  }

  /// The layout that the user gives; nil where none is.
  static func layout(
    for source: any ByteSource, _ options: ImageOptions
  ) throws(ImageError) -> ImageLayout? {
    if let machine = options.machine {
      guard options.base == nil, options.holes.isEmpty else {
        throw ImageError(.usage, "\(.machine): cannot be combined with \(.base) or \(.holes)")
      }
      return machine.layout(forSize: source.size)
    }
    guard options.hasLayout else { return nil }
    let base = options.base ?? 0
    let holes = options.holes.sorted { $0.lowerBound < $1.lowerBound }
    for (first, second) in zip(holes, holes.dropFirst())
    where first.upperBound > second.lowerBound {
      throw ImageError(.usage, "\(.holes): \(first.hex) and \(second.hex) overlap")
    }
    if let hole = holes.first, hole.lowerBound < base {
      throw ImageError(
        .usage, "\(.holes): \(hole.hex) begins before the file's first byte at \(base.hex)")
    }
    let names = ["base \(base.hex)"] + holes.map { "hole \($0.hex)" }
    return ImageLayout(base: base, holes: holes, name: names.joined(separator: ", "))
  }
}
