internal import Bytes
internal import Codecs

/// The parts of a packed file that can be unpacked alone: xz's blocks, zstd's frames.
struct PackedParts: Sendable {
  /// A part.
  struct Part: Equatable, Sendable {
    /// Where it stands in the file.
    var place: Range<UInt64>
    /// What is unpacked before it: the head of the stream that it belongs to.
    var head: [UInt8] = []
  }

  private(set) var parts: [Part] = []
  /// Where each begins among the unpacked bytes, and behind the last one their end.
  private(set) var starts: [UInt64] = [0]

  /// Unpacked bytes.
  var size: UInt64 { starts.last ?? 0 }

  /// Parts at most: a file of 4 GiB that is cut finely has 64 Ki.
  static let mostParts = 1 << 18

  /// Adds a part that gives so many bytes; false where there are too many.
  mutating func add(_ part: Part, count: UInt64) -> Bool {
    guard let end = size.adding(count), parts.count < PackedParts.mostParts else { return false }
    guard count > 0 else { return true }
    parts.append(part)
    starts.append(end)
    return true
  }

  /// Adds the parts of what follows; false where there are too many.
  mutating func add(_ others: PackedParts) -> Bool {
    for (index, part) in others.parts.enumerated() {
      guard add(part, count: others.starts[index + 1] - others.starts[index]) else { return false }
    }
    return true
  }

  /// The parts of a file; nil where it does not tell of several, or not all of it is told.
  init?(of layer: PackedLayer) throws(ImageError) {
    let parts: PackedParts?
    do throws(ReadError) {
      switch layer.form {
      case .xz: parts = try XZBlocks.parts(of: layer.source)
      case .zstd: parts = try ZstdFrames.parts(of: layer.source)
      case .gzip, .zlib, .bzip2, .lz4, .lzop: parts = nil
      }
    } catch {
      throw ImageError(reading: error)
    }
    guard let parts, parts.parts.count > 1 else { return nil }
    self = parts
  }

  /// None yet.
  init() {}
}
