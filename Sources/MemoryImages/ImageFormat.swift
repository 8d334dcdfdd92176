internal import Bytes

/// One input format: how to recognise it, and how to make memory of it.
///
/// *Not mine* is `recognizes` answering false; *mine, but broken* is `open` throwing.
package struct ImageFormat: Sendable {
  /// What `info` and the manual call it.
  package let name: String
  /// What the user may say of such a file beside its name.
  package let accepts: Accepted
  /// Looks at the first bytes of the file (up to ``headSize``).
  package let recognizes: @Sendable (_ head: [UInt8]) -> Bool
  private let read: Reader

  /// Makes memory of a file.
  package typealias Reader =
    @Sendable (_ input: ImageInput, _ options: ImageOptions) throws(ImageError) -> MemoryImage

  /// What goes with a format.
  package struct Accepted: OptionSet, Sendable {
    /// The bits.
    package let rawValue: UInt8

    /// Any bits.
    package init(rawValue: UInt8) {
      self.rawValue = rawValue
    }

    /// Further files of the same dump (`parts`).
    package static let parts = Accepted(rawValue: 1)
    /// Where memory lies (`base`, `holes`, `machine`): headers of a dump say it themselves.
    package static let layout = Accepted(rawValue: 2)
    /// Anything, because something else judges it.
    package static let all: Accepted = [.parts, .layout]
  }

  /// A format from its parts.
  package init(
    name: String, accepts: Accepted, recognizes: @escaping @Sendable ([UInt8]) -> Bool,
    open: @escaping Reader
  ) {
    self.name = name
    self.accepts = accepts
    self.recognizes = recognizes
    read = open
  }

  /// Number of bytes that recognition sees.
  package static let headSize = 65_536

  /// Every format, in the order in which they are asked; raw memory takes what is left.
  package static let all: [ImageFormat] = readers + ForeignImage.formats + [.raw]

  /// Those that are read rather than refused: what the user may name.
  package static let readable: [ImageFormat] = readers + [.raw]

  private static let readers: [ImageFormat] =
    [.xen, .elf, .flattened, .kdump, .lime, .avml, .savevm, .libvirt, .vmware, .vmwareGuest]
    + [.s390, .s390Extended, .lkcd, .sadump, .cloudHypervisor, .firecracker, .ramdumpSet]

  /// Its name as the value of an option.
  package var option: String {
    String(name.lowercased().map { $0 == " " ? "-" : $0 })
  }

  /// Makes memory of a file that the format has recognised.
  package func open(
    _ input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    if let part = input.parts.first, !accepts.contains(.parts) {
      throw ImageError(
        .usage,
        "\(.parts) \(part.name): goes with the files of a dump that is split or in several "
          + "files, and \(input.name) is none")
    }
    if options.hasLayout, !accepts.contains(.layout) {
      throw ImageError(
        .usage,
        "\(.base), \(.holes), \(.machine): are for raw memory, and \(input.name) is a dump whose headers "
          + "say where its memory lies")
    }
    return try read(input, options)
  }
}

extension ImageFormat {
  /// Opens a file with the format that the options name, else the first that recognises it.
  package static func open(
    path: String, options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    if !options.segments.isEmpty {
      return try SegmentedImage.open(options.segments, isCancelled: options.isCancelled)
    }
    var input = try opened(path, options)
    for part in options.parts { input.parts.append(try opened(part, options)) }
    input.share(options.isCancelled)
    if let format = try known(input, options) { return try format.open(input, options) }
    if let image = try FileSet.open(&input, options) { return image }
    return try ImageFormat.raw.open(input, options)
  }

  /// The format that the options or the first bytes tell; nil where it may be memory as it is.
  private static func known(
    _ input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> ImageFormat? {
    if let format = options.format { return format }
    if input.isUnflattened { return .flattened }
    let head = try input.head()
    if let format = all.dropLast().first(where: { $0.recognizes(head) }) { return format }
    return ForeignImage.isFlatKernel(head, size: input.source.size) ? ForeignImage.flatKernel : nil
  }

  /// A file as it is, a stream as the copy that is made of it.
  static func opened(
    _ path: String, _ options: ImageOptions
  ) throws(ImageError) -> ImageInput {
    let opened = try rethrow(
      as: ImageError.init(opening:),
      InputStream.open(path, isCancelled: options.isCancelled))
    let input =
      switch opened {
      case .file(let source): ImageInput(source)
      case .stream(let stream): try InputSpool.input(of: stream, unflattens: options.format == nil)
      }
    guard input.source.size > 0 else {
      throw ImageError(.unusable, "\(input.name): is empty, expected a memory image")
    }
    let isTakenAsItIs = input.isUnflattened || options.format?.name == ImageFormat.raw.name
    return isTakenAsItIs ? input : try Unwrapping.run(input, isCancelled: options.isCancelled)
  }
}
