import CZlib
import Foundation

/// A file packed as people pack it: by zlib, or by the command that everybody has for it.
package enum PackedFileModel {
  /// One gzip member, or one zlib stream with a window of 2 to the power of `windowBits`.
  package static func deflated(
    _ bytes: [UInt8], isGzip: Bool, level: Int32 = 6, windowBits: Int32 = 15
  ) -> [UInt8] {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    let bits = isGzip ? windowBits + 16 : windowBits
    guard czlib_deflate_init(stream, level, bits) == Z_OK else { return [] }
    defer { deflateEnd(stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 100 + 1000)
    return input.withUnsafeMutableBufferPointer { input in
      let count = output.withUnsafeMutableBufferPointer { output in
        stream.pointee.next_in = input.baseAddress
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        return deflate(stream, Z_FINISH) == Z_STREAM_END
          ? output.count - Int(stream.pointee.avail_out) : 0
      }
      return Array(output.prefix(count))
    }
  }

  /// What a command makes of some bytes; nil where it is not installed.
  package static func packed(_ bytes: [UInt8], by command: [String]) throws -> [UInt8]? {
    guard let tool = OutsideTool(command[0]) else { return nil }
    let directory = try TemporaryDirectory()
    let path = try directory.file(bytes, named: "input")
    return try tool.run(Array(command.dropFirst()), input: path).output
  }

  /// Ways to pack a file in parts that can be unpacked alone.
  package enum Parts: String, Sendable, CaseIterable {
    case xzBlocks, xzStreams, zstdFrames, zstdSeekable

    /// The form of the whole.
    package var form: String { self == .xzBlocks || self == .xzStreams ? "xz" : "zstd" }

    /// Whether a file that ends behind any of its parts is a whole one.
    package var endsAnywhere: Bool { self == .xzStreams || self == .zstdFrames }
  }

  /// A file in pieces: each unpacks to ``partSize`` bytes, but for the last ones.
  package struct PackedPieces {
    package var pieces: [[UInt8]]
    /// Parts among the pieces.
    package let count: Int

    package subscript(index: Int) -> [UInt8] {
      get { pieces[index] }
      set { pieces[index] = newValue }
    }

    package var joined: [UInt8] { pieces.flatMap(\.self) }

    /// Where each piece begins.
    package var starts: Set<Int> {
      var place = 0
      return Set(
        pieces.map { piece in
          defer { place += piece.count }
          return place
        })
    }
  }

  /// Unpacked bytes of a part.
  package static let partSize = 300 * 1024

  /// The pieces of a file; nil where the command is not installed.
  package static func packed(_ bytes: [UInt8], in kind: Parts) throws -> PackedPieces? {
    let parts = stride(from: 0, to: bytes.count, by: partSize).map {
      Array(bytes[$0..<min($0 + partSize, bytes.count)])
    }
    switch kind {
    case .xzBlocks:
      let command = ["xz", "-cq", "--block-size=\(partSize)"]
      guard let whole = try packed(bytes, by: command) else { return nil }
      return PackedPieces(pieces: XZModel.pieces(of: whole, parts.count), count: parts.count)
    case .xzStreams, .zstdFrames, .zstdSeekable:
      var pieces: [[UInt8]] = []
      for part in parts {
        // A command that reads a stream does not know how much it packs, unless it is told.
        let command =
          switch kind {
          case .xzBlocks, .xzStreams: ["xz", "-cq"]
          case .zstdFrames: ["zstd", "-cq", "--stream-size=\(part.count)"]
          case .zstdSeekable: ["zstd", "-cq"]
          }
        guard let piece = try packed(part, by: command) else { return nil }
        pieces.append(piece)
      }
      if kind == .zstdSeekable { pieces.append(seekTable(of: pieces, parts)) }
      return PackedPieces(pieces: pieces, count: parts.count)
    }
  }

  /// The table of zstd's seekable format.
  private static func seekTable(of pieces: [[UInt8]], _ parts: [[UInt8]]) -> [UInt8] {
    let order = RecipeOrder.little
    var table = zip(pieces, parts).flatMap { piece, part in
      order.bytes(UInt64(piece.count), width: 4) + order.bytes(UInt64(part.count), width: 4)
    }
    table += order.bytes(UInt64(pieces.count), width: 4) + [0]
    table += order.bytes(0x8f92_eab1, width: 4)
    return order.bytes(0x184d_2a5e, width: 4) + order.bytes(UInt64(table.count), width: 4) + table
  }

  /// A small file packed in each way that can be used here, by name.
  package static var smallFiles: [String: [UInt8]] {
    let content = SmallDumps.page(1) + [UInt8](repeating: 0, count: 10_000) + SmallDumps.page(2)
    var files = [
      "gzip-1": deflated(content, isGzip: true), "zlib-1": deflated(content, isGzip: false),
      "zlib-11": deflated(content, isGzip: false, windowBits: 11),
    ]
    for (name, command) in commands {
      files[name] = try? packed(content, by: command)
      files["gzip-\(name)"] = files[name].map { deflated($0, isGzip: true) }
    }
    for kind in Parts.allCases {
      files["\(kind)"] = try? packed(content + content, in: kind)?.joined
    }
    files["twice"] = (files["gzip-1"] ?? []) + (files["gzip-1"] ?? [])
    return files
  }

  /// The commands that pack, by the name of the form.
  package static let commands: [String: [String]] = [
    "gzip": ["gzip", "-c"], "bzip2": ["bzip2", "-c"], "xz": ["xz", "-cq"],
    "zstd": ["zstd", "-cq"], "lz4": ["lz4", "-cq"],
  ]
}
