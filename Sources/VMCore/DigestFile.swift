internal import CoreWriting
internal import Glibc

/// The digests of an output in a file beside it, as `sha256sum --check` reads them.
struct DigestFile {
  /// The sidecar, for ``OutputFile/finish(_:)``: it gets its name together with what it is about.
  let file: OutputFile

  /// Creates `path.sha256`, which appears under that name when it is finished.
  init(for path: String, mayReplace: Bool) throws(WriteError) {
    file = try OutputFile(path: DigestFile.path(for: path), mayReplace: mayReplace)
  }

  /// The sidecar of an output.
  static func path(for output: String) -> String { output + ".sha256" }

  /// Writes a line for each file.
  func write(_ digests: [(path: String, digest: [UInt8]?)]) throws(WriteError) {
    var text = ""
    for (path, digest) in digests {
      let name = path.split(separator: "/").last.map(String.init) ?? path
      text += DigestFile.text(of: digest ?? []) + "  " + name + "\n"
    }
    try PlacedOutput(file.descriptor, name: file.path).put(Array(text.utf8), at: 0)
  }

  /// A digest in hexadecimal.
  static func text(of digest: [UInt8]) -> String {
    digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
