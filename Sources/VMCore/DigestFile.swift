internal import Bytes
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
    var text: [UInt8] = []
    for (path, digest) in digests {
      let name = FileName.split(path).name
      text += DigestFile.line(DigestFile.text(of: digest ?? []), of: FileName.bytes(of: name))
    }
    try PlacedOutput(file.descriptor, name: file.path).put(text, at: 0)
  }

  /// A line as sha256sum writes it: a name that would break it is escaped, which a backslash before
  /// the digest says (coreutils `src/digest.c`, `print_filename`).
  private static func line(_ digest: String, of name: [UInt8]) -> [UInt8] {
    let escapes: [UInt8: UInt8] = [
      UInt8(ascii: "\\"): UInt8(ascii: "\\"), UInt8(ascii: "\n"): UInt8(ascii: "n"),
      UInt8(ascii: "\r"): UInt8(ascii: "r"),
    ]
    let isEscaped = name.contains { escapes[$0] != nil }
    let shown = name.flatMap { byte in escapes[byte].map { [UInt8(ascii: "\\"), $0] } ?? [byte] }
    return Array(((isEscaped ? "\\" : "") + digest + "  ").utf8) + shown + [UInt8(ascii: "\n")]
  }

  /// A digest in hexadecimal.
  static func text(of digest: [UInt8]) -> String {
    digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
