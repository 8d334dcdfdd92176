/// Unpacks a stream of any length, part by part. It belongs to one thread at a time.
package protocol StreamUnpacker: AnyObject {
  /// Unpacks as much as both buffers allow.
  ///
  /// - Returns: what was used and what was made; nil where the stream is damaged.
  func step(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> StreamStep?

  /// Makes ready for a stream that follows another one; false where that cannot be done.
  func restart() -> Bool
}

/// What came of one step.
package struct StreamStep: Equatable, Sendable {
  /// Bytes of the input that were used.
  package var used: Int
  /// Bytes of the output that were made.
  package var made: Int
  /// Whether the stream ends here; another one may follow.
  package var isAtEnd: Bool
}

/// The form of a packed file, which may be any other file.
package enum StreamForm: String, Sendable, CaseIterable {
  case gzip, zlib, bzip2, xz, zstd, lz4, lzop

  /// The form of a file that begins with these bytes; nil where it is none of them.
  package init?(beginning head: [UInt8]) {
    let form = StreamForm.allCases.first { form in
      form.magics.contains { head.starts(with: $0) }
    }
    if let form {
      self = form
    } else if StreamForm.isZlib(head) {
      self = .zlib
    } else {
      return nil
    }
  }

  private var magics: [[UInt8]] {
    switch self {
    case .gzip: [[0x1f, 0x8b, 8]]
    case .zlib: []
    case .bzip2:
      (0x31...0x39).map { [0x42, 0x5a, 0x68, $0, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59] }
    case .xz: [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]]
    // pzstd begins with a frame that is passed over.
    case .zstd: [[0x28, 0xb5, 0x2f, 0xfd]] + (0x50...0x5f).map { [$0, 0x2a, 0x4d, 0x18] }
    case .lz4: [[0x04, 0x22, 0x4d, 0x18]]
    case .lzop: [[0x89, 0x4c, 0x5a, 0x4f, 0, 0x0d, 0x0a, 0x1a, 0x0a]]
    }
  }

  /// zlib's header is hardly a magic: what follows it must be a stream, too.
  private static func isZlib(_ head: [UInt8]) -> Bool {
    guard head.count > 2, head[0] & 0x0f == 8, head[0] >> 4 <= 7, head[1] & 0x20 == 0,
      (Int(head[0]) << 8 | Int(head[1])) % 31 == 0, let stream = InflateStream()
    else { return false }
    var output = [UInt8](repeating: 0, count: 4096)
    let step = unsafe head.withUnsafeBytes { input in
      unsafe output.withUnsafeMutableBytes { unsafe stream.step(input, into: $0) }
    }
    return step.map { $0.made == 4096 || $0.isAtEnd && $0.made > 0 } ?? false
  }

  /// What unpacks it; nil where its library is not installed, or there is no memory for it.
  package func unpacker() -> (any StreamUnpacker)? {
    switch self {
    case .gzip, .zlib: InflateStream()
    case .bzip2: Bzip2.shared.flatMap(Bzip2Stream.init)
    case .xz: LZMA.shared.flatMap(XZStream.init)
    case .zstd: ZstdStreaming.shared.flatMap(ZstdStream.init)
    case .lz4: LZ4.shared.flatMap(LZ4Stream.init)
    case .lzop: nil
    }
  }

  /// The command that unpacks standard input to standard output.
  package var command: [String] {
    switch self {
    case .gzip: ["gzip", "-dc"]
    case .zlib: ["pigz", "-dc"]
    case .bzip2: ["bzip2", "-dc"]
    case .xz: ["xz", "-dc"]
    case .zstd: ["zstd", "-dcq"]
    case .lz4: ["lz4", "-dcq"]
    case .lzop: ["lzop", "-dc"]
    }
  }

  /// The packages of Debian that have its library or its command.
  package var packages: String {
    switch self {
    case .gzip: "gzip"
    case .zlib: "zlib1g"
    case .bzip2: "libbz2-1.0 or bzip2"
    case .xz: "liblzma5 or xz-utils"
    case .zstd: "libzstd1 or zstd"
    case .lz4: "liblz4-1 or lz4"
    case .lzop: "lzop"
    }
  }
}
