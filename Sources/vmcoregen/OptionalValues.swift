/// Options whose value may be left out. A value stands behind `=` (`--gzip=6`) or, for the short
/// one, directly behind the letter (`-z6`): else `-z image.bin` could mean two things.
enum OptionalValues {
  private static let complete = [
    "-z": "-z1", "--compress": "--compress=1", "--gzip": "--gzip=1", "--digest": "--digest=sha256",
  ]

  /// The arguments with the values that were left out; nothing is changed behind `--`.
  static func filled(in arguments: [String]) -> [String] {
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    return arguments[..<end].map { complete[$0] ?? $0 } + arguments[end...]
  }
}
