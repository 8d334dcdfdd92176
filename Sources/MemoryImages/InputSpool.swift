internal import Bytes
internal import DumpRecords

/// Copies what can only be read in order into a file without a name. A flattened stream is
/// unflattened on the way: it is made for that, and its later records overwrite the earlier ones.
struct InputSpool: FlattenedCursor {
  private let stream: InputStream
  private let file: SpoolFile
  private let chunk = Chunk()
  private var end: UInt64 = 0

  /// Reads a stream to its end; one whose format is known beforehand may have to stay as it is.
  static func input(
    of stream: InputStream, unflattens: Bool
  ) throws(ImageError) -> ImageInput {
    let file = try rethrow(as: ImageError.init(opening:), SpoolFile(for: stream.name))
    var spool = InputSpool(stream, file)
    return try spool.run(unflattens: unflattens)
  }

  private init(_ stream: InputStream, _ file: SpoolFile) {
    self.stream = stream
    self.file = file
  }

  private mutating func run(unflattens: Bool) throws(ImageError) -> ImageInput {
    let head = try bytes(FlattenedHeader.size)
    let isFlattened = unflattens && head.starts(with: FlattenedHeader.signature)
    var warnings: [Finding] = []
    if isFlattened {
      try checkHeader(head)
      warnings = try FlattenedWalk.run(&self)
    } else {
      unsafe chunk.bytes.copyBytes(from: head)
      try write(count: head.count, at: 0)
      while try copy(upTo: UInt64(Chunk.usualSize), at: end) == Chunk.usualSize {}
    }
    var input = ImageInput(try rethrow(as: ImageError.init(opening:), file.source(size: end)))
    input.path = nil
    input.isUnflattened = isFlattened
    input.warnings = warnings
    input.notices = [
      "\(stream.name): can only be read in order: its \(stream.position) bytes are kept in a file "
        + "without a name in \(file.directory)" + (isFlattened ? ", unflattened" : "")
    ]
    return input
  }

  private func checkHeader(_ head: [UInt8]) throws(ImageError) {
    var reader = ByteReader(head, order: FlattenedHeader.order)
    guard let header = try? FlattenedHeader(from: &reader), header == .current else {
      throw ImageError(
        .unusable,
        "\(stream.name): ends inside the header of a flattened dump, or is of a type and version "
          + "other than 1 and 1")
    }
  }

  // MARK: A cursor for the walk over records

  static let medium = "stream"
  var name: String { stream.name }
  var position: UInt64 { stream.position }

  func bytes(_ count: Int) throws(ImageError) -> [UInt8] {
    let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<count])
    return unsafe Array(buffer[..<(try read(into: buffer))])
  }

  mutating func take(_ range: Range<UInt64>) throws(ImageError) -> UInt64 {
    var next = range.lowerBound
    while next < range.upperBound {
      let wanted = min(range.upperBound - next, UInt64(Chunk.usualSize))
      let copied = try copy(upTo: wanted, at: next)
      next += UInt64(copied)
      if copied < Int(wanted) { break }
    }
    return next - range.lowerBound
  }

  // MARK: Its copy

  /// Copies up to `count` bytes of the stream to an offset of the file; fewer where it ends.
  private mutating func copy(upTo count: UInt64, at offset: UInt64) throws(ImageError) -> Int {
    let buffer = unsafe UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<Int(count)])
    let read = try unsafe read(into: buffer)
    try write(count: read, at: offset)
    return read
  }

  /// Writes the first bytes of the chunk; zeros where nothing was yet stay a hole.
  private mutating func write(count: Int, at offset: UInt64) throws(ImageError) {
    guard count > 0 else { return }
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: chunk.bytes[..<count])
    if offset < end || !(unsafe isAllZero(bytes)) {
      try rethrow(as: ImageError.init(opening:), unsafe file.write(bytes, at: offset))
    }
    end = max(end, offset + UInt64(count))
  }

  private func read(into buffer: UnsafeMutableRawBufferPointer) throws(ImageError) -> Int {
    do throws(InputStream.Failure) {
      return try unsafe stream.read(into: buffer)
    } catch {
      switch error {
      case .cancelled:
        throw ImageError(.cancelled, "\(stream.name): interrupted after \(stream.position) bytes")
      case .failed(let reason):
        throw ImageError(
          .cannotOpen, "\(stream.name): offset \(stream.position.hex): \(reason)")
      }
    }
  }
}
