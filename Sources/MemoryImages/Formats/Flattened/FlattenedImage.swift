internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// The flattened form of another format (`makedumpfile -F`, QEMU `kdump-zlib`).
  package static let flattened = ImageFormat(
    name: "flattened", accepts: .all,
    recognizes: { $0.starts(with: FlattenedHeader.signature) }, open: FlattenedImage.open)

  /// The file that a flattened file or stream stands for, whatever it holds.
  package static func unflattened(
    path: String, options: ImageOptions
  ) throws(ImageError) -> ImageInput {
    let input = try opened(path, options)
    let head = try input.head()
    guard input.isUnflattened || flattened.recognizes(head) else {
      throw ImageError(
        .unusable,
        "\(input.name): is no flattened file: expected 'makedumpfile' in its first bytes")
    }
    return try FlattenedImage.unflattened(input)
  }
}

enum FlattenedImage {
  /// What is ever written in that form.
  private static let contents: [ImageFormat] = [.elf, .kdump]

  fileprivate static func open(
    _ input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    let plain = try unflattened(input)
    let head = try plain.head()
    guard let format = contents.first(where: { $0.recognizes(head) }) else {
      throw ImageError(
        .unusable,
        "\(input.name): a flattened file of something else than an ELF core or a "
          + "kdump-compressed dump")
    }
    return try format.open(plain, options)
  }

  /// The same input with the file that it stands for, and that of each of its parts.
  static func unflattened(_ input: ImageInput) throws(ImageError) -> ImageInput {
    var plain = input
    if !input.isUnflattened {
      let source = try FlattenedSource(input.source, input.budget)
      guard source.size > 0 else {
        throw ImageError(
          .unusable, "\(input.name): the flattened file has no record that holds anything")
      }
      plain.source = source
      plain.warnings += source.warnings
      plain.isUnflattened = true
    }
    plain.parts = []
    for part in input.parts { plain.parts.append(try FlattenedImage.plain(part)) }
    return plain
  }

  /// An input as it is, or put together where it is flattened.
  static func plain(_ input: ImageInput) throws(ImageError) -> ImageInput {
    try input.head().starts(with: FlattenedHeader.signature) ? unflattened(input) : input
  }
}
