internal import Bytes

/// Files that belong together by their names: one holds memory and has no mark of its own, another
/// says where that memory lies.
struct FileSet: Sendable {
  /// What reads the describing file; the memory is the first of its parts.
  let format: ImageFormat
  /// Whether a file is the describing one by its name alone, having no mark either.
  var isDescription: @Sendable (_ name: String) -> Bool = { _ in false }
  /// The names that the describing file of a file of memory may have.
  let descriptions: @Sendable (_ name: String) -> [String]

  /// Every set.
  private static let all: [FileSet] =
    VMwareImage.sets + CloudHypervisorImage.sets + FirecrackerImage.sets + RamdumpSetImage.sets

  /// The set that a file without a mark belongs to, as the input of what reads it.
  static func of(
    _ input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> (format: ImageFormat, input: ImageInput)? {
    guard !options.hasLayout else { return nil }
    if let part = input.parts.first, let described = try described(input, by: part) {
      return described
    }
    guard let path = input.plainPath, input.parts.isEmpty else { return nil }
    let place = FilePlace(path)
    if let set = all.first(where: { $0.isDescription(place.name) }) { return (set.format, input) }
    for set in all {
      for name in set.descriptions(place.name) {
        guard
          let description = try ImageInput.existing(at: place.beside(name), options),
          try set.reads(description, named: name)
        else { continue }
        var joined = joining(description, input)
        joined.notices.append(
          "\(input.name): where its memory lies is read from \(description.source.name), which is "
            + "beside it")
        return (set.format, joined)
      }
    }
    return nil
  }

  /// A part that was given may be what describes the file.
  private static func described(
    _ input: ImageInput, by part: ImageInput
  ) throws(ImageError) -> (format: ImageFormat, input: ImageInput)? {
    let name = part.plainPath.map { FilePlace($0).name } ?? ""
    for set in all where try set.reads(part, named: name) {
      var memory = input
      memory.parts = Array(input.parts.dropFirst())
      return (set.format, joining(part, memory))
    }
    return nil
  }

  private func reads(_ input: ImageInput, named name: String) throws(ImageError) -> Bool {
    isDescription(name) ? true : format.recognizes(try input.head())
  }

  private static func joining(_ description: ImageInput, _ memory: ImageInput) -> ImageInput {
    var joined = description
    joined.givenName = memory.name
    var first = memory
    first.parts = []
    joined.parts = [first] + memory.parts
    return joined
  }
}

extension ImageInput {
  /// The endings of packed files.
  private static let packings = [".gz", ".xz", ".zst", ".bz2", ".lz4"]

  /// Where the file lies, without the ending that tells how it is packed.
  var plainPath: String? {
    guard let path, !wrappings.isEmpty,
      let ending = ImageInput.packings.first(where: { path.lowercased().hasSuffix($0) })
    else { return path }
    return String(path.dropLast(ending.count))
  }

  /// A file that may be there, packed or not; nil where it is not.
  static func existing(
    at path: String, _ options: ImageOptions
  ) throws(ImageError) -> ImageInput? {
    for ending in [""] + packings {
      guard let source = try? FileSource(path: path + ending), source.size > 0 else { continue }
      return try Unwrapping.run(ImageInput(source), isCancelled: options.isCancelled)
    }
    return nil
  }
}

/// The name of a file, and of others in its directory.
struct FilePlace {
  /// The directory, with the slash that ends it; empty where the path has none.
  let directory: String
  /// The file's own name.
  let name: String

  /// Where a path leads.
  init(_ path: String) {
    let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    directory = String(path[..<start])
    name = String(path[start...])
  }

  /// The path of another file in the same directory.
  func beside(_ name: String) -> String { directory + name }

  /// The name without its ending, which has to be this one, of any case.
  static func stem(of name: String, ending: String) -> String? {
    guard name.count > ending.count + 1, name.lowercased().hasSuffix("." + ending) else {
      return nil
    }
    return String(name.dropLast(ending.count + 1))
  }
}
