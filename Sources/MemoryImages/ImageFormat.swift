package import Bytes

/// One input format: how to recognise it, and how to make memory of it.
///
/// *Not mine* is `recognizes` answering false; *mine, but broken* is `open` throwing.
package struct ImageFormat: Sendable {
  /// What `info` and `--input-format` call it.
  package let name: String
  /// Looks at the first bytes of the file (up to ``headSize``).
  package let recognizes: @Sendable (_ head: [UInt8]) -> Bool
  /// Makes memory of the file.
  package let open:
    @Sendable (_ source: FileSource, _ options: ImageOptions) throws(ImageError) -> MemoryImage

  /// Number of bytes that recognition sees.
  package static let headSize = 65_536

  /// Every format, in the order in which they are asked; raw memory takes what is left.
  package static let all: [ImageFormat] = ForeignImage.formats + [.raw]

  /// Opens a file with the first format that recognises it.
  package static func open(
    path: String, options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    if !options.segments.isEmpty { return try SegmentedImage.open(options.segments) }
    let source: FileSource
    do throws(OpenError) { source = try FileSource(path: path) } catch { throw ImageError(error) }
    guard source.size > 0 else {
      throw ImageError(.unusable, "\(path): is empty, expected a memory image")
    }
    if options.isRaw { return try ImageFormat.raw.open(source, options) }
    let head: [UInt8]
    do throws(ReadError) {
      head = try source.bytes(at: 0, count: headSize)
    } catch {
      throw ImageError(error)
    }
    let format = all.first { $0.recognizes(head) } ?? .raw
    return try format.open(source, options)
  }
}
