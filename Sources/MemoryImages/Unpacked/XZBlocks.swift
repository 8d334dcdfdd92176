internal import Bytes
internal import Codecs

/// The blocks of an xz file, by the indexes at the ends of its streams.
/// Source: "The .xz File Format" 1.2.
enum XZBlocks {
  /// Bytes of a stream's head, and of its foot.
  private static let headSize: UInt64 = 12
  private static let magic: [UInt8] = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]
  private static let endMagic = Array("YZ".utf8)
  /// Index fields that are read: some bytes for each block.
  private static let mostIndex: UInt64 = 16 << 20
  /// Zeros between streams, and behind the last one, that are passed over.
  private static let mostPadding: UInt64 = 1 << 20

  /// The blocks of all streams; nil where one of them does not tell of its own.
  static func parts(of source: any ByteSource) throws(ReadError) -> PackedParts? {
    var streams: [PackedParts] = []
    var end = source.size
    var count = 0
    while end > 0 {
      guard let foot = try unpadded(end, of: source),
        let (stream, start) = try stream(endingAt: foot, of: source)
      else { return nil }
      count += max(1, stream.parts.count)
      guard count <= PackedParts.mostParts else { return nil }
      streams.append(stream)
      end = start
    }
    var parts = PackedParts()
    for stream in streams.reversed() {
      guard parts.add(stream) else { return nil }
    }
    return parts
  }

  /// Where a stream ends before which only zeros stand, four or a multiple of that.
  private static func unpadded(
    _ end: UInt64, of source: any ByteSource
  ) throws(ReadError) -> UInt64? {
    let start = end - min(end, mostPadding)
    var count: UInt64 = 256
    while true {
      let place = end - min(end - start, count)
      let bytes = try source.bytes(at: place, count: Int(end - place))
      if let last = bytes.lastIndex(where: { $0 != 0 }) {
        let padding = end - (place + UInt64(last) + 1)
        // The magic at the end of a stream is no zero.
        return padding % 4 == 0 ? end - padding : nil
      }
      guard place > start else { return nil }
      count *= 8
    }
  }

  private static func stream(
    endingAt end: UInt64, of source: any ByteSource
  ) throws(ReadError) -> (parts: PackedParts, start: UInt64)? {
    guard end >= 2 * headSize else { return nil }
    let foot = try source.bytes(at: end - headSize, count: Int(headSize))
    guard foot.count == Int(headSize), foot.suffix(2).elementsEqual(endMagic),
      number(foot[..<4]) == CRC32.sum(of: foot[4..<10])
    else { return nil }
    let indexSize = (UInt64(number(foot[4..<8])) + 1) * 4
    guard indexSize <= mostIndex, indexSize <= end - 2 * headSize else { return nil }
    let indexStart = end - headSize - indexSize
    let index = try source.bytes(at: indexStart, count: Int(indexSize))
    guard index.count == Int(indexSize),
      number(index.suffix(4)) == CRC32.sum(of: index.dropLast(4)),
      let records = records(of: index.dropLast(4))
    else { return nil }
    var size: UInt64 = 0
    for record in records {
      guard let padded = record.packed.roundedUp(to: 4), let next = size.adding(padded) else {
        return nil
      }
      size = next
    }
    guard size <= indexStart - headSize else { return nil }
    let start = indexStart - size - headSize
    let head = try source.bytes(at: start, count: Int(headSize))
    guard head.starts(with: magic), head[6..<8].elementsEqual(foot[8..<10]) else { return nil }
    var parts = PackedParts()
    var place = start + headSize
    for record in records {
      let next = place + (record.packed.roundedUp(to: 4) ?? 0)
      guard parts.add(.init(place: place..<next, head: head), count: record.count) else {
        return nil
      }
      place = next
    }
    return (parts, start)
  }

  /// Sizes of the blocks without their padding, and of what they give.
  private static func records(of index: ArraySlice<UInt8>) -> [(packed: UInt64, count: UInt64)]? {
    var rest = index
    guard rest.popFirst() == 0, let count = integer(&rest), count <= UInt64(PackedParts.mostParts)
    else { return nil }
    var records: [(packed: UInt64, count: UInt64)] = []
    for _ in 0..<count {
      guard let packed = integer(&rest), let count = integer(&rest), packed > 0 else { return nil }
      records.append((packed, count))
    }
    return rest.count < 4 && rest.allSatisfy { $0 == 0 } ? records : nil
  }

  /// A number of seven bits a byte, the low ones first.
  private static func integer(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 63, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      value |= UInt64(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return value }
    }
    return nil
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }
}
