/// Blocks of snappy, packed as `format_description.txt` says and by no library: every kind of
/// element occurs where the bytes allow it.
package enum SnappyModel {
  /// One block.
  package static func block(_ bytes: [UInt8]) -> [UInt8] {
    var packed = length(bytes.count)
    for part in MatchFinder.parts(of: bytes, longest: 64, shortest: 4, farthest: 60_000) {
      switch part {
      case .literals(let literals): packed += encoded(literals)
      case .match(let distance, let count) where count <= 11 && distance < 2048:
        packed += [UInt8(1 | (count - 4) << 2 | (distance >> 8) << 5), UInt8(distance & 0xff)]
      case .match(let distance, let count) where count % 2 == 0:
        packed += [UInt8(2 | (count - 1) << 2)] + little(distance, 2)
      case .match(let distance, let count):
        packed += [UInt8(3 | (count - 1) << 2)] + little(distance, 4)
      }
    }
    return packed
  }

  /// The framed format (`framing_format.txt`): chunks of 64 KiB with checksums, those that do not
  /// shrink by an eighth as they are.
  package static func framed(_ bytes: [UInt8]) -> [UInt8] {
    var stream = chunk(0xff, Array("sNaPpY".utf8))
    for start in stride(from: 0, to: bytes.count, by: 65_536) {
      let content = Array(bytes[start..<min(start + 65_536, bytes.count)])
      let packed = block(content)
      stream +=
        packed.count < content.count - content.count / 8
        ? chunk(0, sum(content) + packed) : plainChunk(content)
    }
    return stream
  }

  /// Bytes that are stored as they are, in one chunk with their checksum.
  package static func plainChunk(_ content: [UInt8]) -> [UInt8] {
    chunk(1, sum(content) + content)
  }

  private static func sum(_ content: [UInt8]) -> [UInt8] {
    little(Int(masked(checksum(content))), 4)
  }

  /// One chunk of the framed format.
  package static func chunk(_ type: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    [type] + little(bytes.count, 3) + bytes
  }

  /// CRC-32C, bit by bit.
  package static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in
        sum & 1 == 1 ? sum >> 1 ^ 0x82f6_3b78 : sum >> 1
      }
    }
  }

  private static func masked(_ sum: UInt32) -> UInt32 {
    (sum >> 15 | sum << 17) &+ 0xa282_ead8
  }

  private static func encoded(_ literals: [UInt8]) -> [UInt8] {
    let last = literals.count - 1
    if last < 60 { return [UInt8(last << 2)] + literals }
    let width = last < 1 << 8 ? 1 : last < 1 << 16 ? 2 : last < 1 << 24 ? 3 : 4
    return [UInt8((59 + width) << 2)] + little(last, width) + literals
  }

  private static func length(_ count: Int) -> [UInt8] {
    count < 128 ? [UInt8(count)] : [UInt8(count & 0x7f | 0x80)] + length(count >> 7)
  }

  static func little(_ number: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(number >> (8 * $0) & 0xff) }
  }
}

/// Cuts bytes into literals and repetitions, greedily.
enum MatchFinder {
  enum Part {
    case literals([UInt8])
    case match(distance: Int, count: Int)
  }

  /// The parts in order; repetitions have a length from `shortest` to `longest`.
  static func parts(
    of bytes: [UInt8], longest: Int, shortest: Int, farthest: Int
  ) -> [Part] {
    var parts: [Part] = []
    var literals: [UInt8] = []
    var places: [UInt32: Int] = [:]
    var index = 0
    func key(_ index: Int) -> UInt32 {
      (0..<3).reduce(0) { $0 << 8 | UInt32(bytes[index + $1]) }
    }
    while index < bytes.count {
      guard index + 3 <= bytes.count else {
        literals.append(bytes[index])
        index += 1
        continue
      }
      let before = places.updateValue(index, forKey: key(index))
      var count = 0
      if let before, index - before <= farthest {
        while count < longest, index + count < bytes.count,
          bytes[before + count] == bytes[index + count]
        {
          count += 1
        }
      }
      guard let before, count >= shortest else {
        literals.append(bytes[index])
        index += 1
        continue
      }
      if !literals.isEmpty { parts.append(.literals(literals)) }
      literals = []
      parts.append(.match(distance: index - before, count: count))
      index += count
    }
    if !literals.isEmpty { parts.append(.literals(literals)) }
    return parts
  }
}
