internal import Bytes

/// Files that belong together by their names: one holds memory and has no mark of its own, another
/// says where that memory lies.
struct FileSet: Sendable {
  /// What reads the describing file; the memory is the first of its parts.
  let format: ImageFormat
  /// Whether a file is the describing one by its name and what it begins with, having no mark.
  var isDescription: @Sendable (_ name: String, _ head: [UInt8]) -> Bool = { _, _ in false }
  /// The names that the describing file of a file of memory may have.
  let descriptions: @Sendable (_ name: String) -> [String]

  /// Every set.
  private static let all: [FileSet] =
    VMwareImage.sets + CloudHypervisorImage.sets + FirecrackerImage.sets + RamdumpSetImage.sets

  /// Opens a file without a mark that belongs to a set; nil where it belongs to none, and the input
  /// then tells of those beside it that are of no use.
  static func open(
    _ input: inout ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage? {
    guard !options.hasLayout else { return nil }
    if let part = input.parts.first, let (format, set) = try described(input, by: part) {
      return try open(set, as: format, options)
    }
    guard let path = input.plainPath, input.parts.isEmpty else { return nil }
    let place = FilePlace(path)
    let head = try input.head()
    if let set = all.first(where: { $0.isDescription(place.name, head) }) {
      return try open(input, as: set.format, options)
    }
    for set in all {
      for name in set.descriptions(place.name) {
        do throws(ImageError) {
          if let image = try set.open(input, describedBy: name, beside: place, options) {
            return image
          }
        } catch {
          // Nobody asked for that file.
          guard error.kind == .unusable || error.kind == .cannotOpen else { throw error }
          input.warnings.append(
            Finding(
              "\(place.beside(name)), which is beside it, is not used: \(error.message)",
              isDamage: false))
        }
      }
    }
    return nil
  }

  /// Opens a file of memory with what lies beside it and may describe it.
  private func open(
    _ input: ImageInput, describedBy name: String, beside place: FilePlace, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage? {
    guard let description = try ImageInput.existing(at: place.beside(name), options),
      try reads(description, named: name)
    else { return nil }
    var joined = FileSet.joining(description, input)
    joined.notices.append(
      "\(input.name): where its memory lies is read from \(description.source.name), which is "
        + "beside it")
    return try FileSet.open(joined, as: format, options)
  }

  private static func open(
    _ input: ImageInput, as format: ImageFormat, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    var input = input
    input.share(options.isCancelled)
    return try format.open(input, options)
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
    let head = try input.head()
    return isDescription(name, head) || format.recognizes(head)
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
    var failure: ImageError?
    for ending in [""] + packings {
      guard let source = try? FileSource(path: path + ending), source.size > 0 else { continue }
      do throws(ImageError) {
        return try Unwrapping.run(ImageInput(source), isCancelled: options.isCancelled)
      } catch {
        guard error.kind == .unusable else { throw error }
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return nil
  }

  /// The input with the file of the machine's memory as its first part: the one that was given, or
  /// the first of some that may lie beside it.
  func withMemory(at paths: [String], _ options: ImageOptions) throws(ImageError) -> ImageInput {
    guard parts.isEmpty else { return self }
    for path in paths {
      guard let memory = try ImageInput.existing(at: path, options) else { continue }
      var found = self
      found.parts = [memory]
      found.share(options.isCancelled)
      found.notices.append(
        "\(name): the machine's memory is read from \(memory.source.name), which is beside it")
      return found
    }
    throw ImageError(
      .unusable,
      "\(source.name): says where the machine's memory lies, which is in another file "
        + "(\(paths.first ?? "the file of memory"), which is not there): \(.parts) names it")
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
