internal import Bytes

/// One input format: how to recognise it, and how to make memory of it.
///
/// *Not mine* is `recognizes` answering false; *mine, but broken* is `open` throwing.
package struct ImageFormat: Sendable {
  /// What `info` and the manual call it.
  package let name: String
  /// Looks at the first bytes of the file (up to ``headSize``).
  package let recognizes: @Sendable (_ head: [UInt8]) -> Bool
  /// Makes memory of the file.
  package let open:
    @Sendable (_ input: ImageInput, _ options: ImageOptions) throws(ImageError) -> MemoryImage

  /// Number of bytes that recognition sees.
  package static let headSize = 65_536

  /// Every format, in the order in which they are asked; raw memory takes what is left.
  package static let all: [ImageFormat] =
    [.elf, .flattened, .kdump] + ForeignImage.formats + [.raw]

  /// Opens a file with the first format that recognises it.
  package static func open(
    path: String, options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    if !options.segments.isEmpty { return try SegmentedImage.open(options.segments) }
    var input = try opened(path, options)
    for part in options.parts { input.parts.append(try opened(part, options)) }
    var image = try format(of: input, options).open(input, options)
    image.notices = input.notices + input.parts.flatMap(\.notices)
    return image
  }

  private static func format(
    of input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> ImageFormat {
    if options.isRaw { return .raw }
    if input.isUnflattened { return .flattened }
    let head = try input.head()
    return all.first { $0.recognizes(head) } ?? .raw
  }

  /// A file as it is, a stream as the copy that is made of it.
  private static func opened(
    _ path: String, _ options: ImageOptions
  ) throws(ImageError) -> ImageInput {
    let opened: InputStream.Opened
    do throws(OpenError) {
      opened = try InputStream.open(path, isCancelled: options.isCancelled)
    } catch {
      throw ImageError(error)
    }
    let input =
      switch opened {
      case .file(let source): ImageInput(source)
      case .stream(let stream): try InputSpool.input(of: stream, isRaw: options.isRaw)
      }
    guard input.source.size > 0 else {
      throw ImageError(.unusable, "\(input.name): is empty, expected a memory image")
    }
    return input
  }

  /// Only kdump-compressed dumps come in several files.
  static func refuseParts(of input: ImageInput) throws(ImageError) {
    guard let part = input.parts.first else { return }
    throw ImageError(
      .usage,
      "--part \(part.name): goes with the files of a split kdump-compressed dump, "
        + "and \(input.name) is none")
  }

  /// A dump says itself where its memory lies.
  static func refuseLayout(
    _ options: ImageOptions, of input: ImageInput
  ) throws(ImageError) {
    guard options.base != nil || !options.holes.isEmpty || options.machine != nil else { return }
    throw ImageError(
      .usage,
      "--base, --hole, --machine: are for raw memory, and \(input.name) is a dump whose headers "
        + "say where its memory lies")
  }
}
