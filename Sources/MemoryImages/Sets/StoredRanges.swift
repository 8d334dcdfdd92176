internal import Bytes
internal import DumpRecords

/// Ranges of memory that stand in a file as they are, cut to what the file holds.
struct StoredRanges {
  /// What stands in the file.
  private(set) var pieces: [PieceMap.Piece] = []
  /// Memory that the file should hold and does not.
  private(set) var missing: [Range<UInt64>] = []
  private let source: any ByteSource

  /// No range of a file yet.
  init(in source: any ByteSource) {
    self.source = source
  }

  /// Adds a range, whose first byte stands at `offset`.
  ///
  /// - Returns: whether that is a range of memory and of a file.
  mutating func add(at address: UInt64, length: UInt64, offset: UInt64) -> Bool {
    guard let range = Range(start: address, length: length),
      range.upperBound <= PhysicalAddress.end, offset.adding(length) != nil
    else { return false }
    let available = offset < source.size ? min(length, source.size - offset) : 0
    if available > 0 {
      pieces.append(PieceMap.Piece(range: address..<address + available, position: offset))
    }
    if available < length { missing.append(address + available..<range.upperBound) }
    return true
  }

  /// The memory; where ranges overlap, the first one wins.
  var memory: PhysicalMemory { PhysicalMemory(PieceMap(firstWins: pieces), in: source) }

  /// What is missing, in words.
  var warnings: [Finding] {
    StoredRanges.warnings(about: missing, "\(source.name): ends", at: source.size)
  }

  /// The same of what some other table of a file tells.
  static func warnings(
    about missing: [Range<UInt64>], _ subject: Message, at size: UInt64
  ) -> [Finding] {
    guard !missing.isEmpty else { return [] }
    let bytes = missing.reduce(UInt64(0)) { $0 &+ $1.length }
    let shown = missing.prefix(16).map(\.hex).joined(separator: ", ")
    let more = missing.count > 16 ? " and \(missing.count - 16) more" : ""
    return [
      Finding(
        "\(subject) at \(size.hex): it lacks \(bytes.hex) bytes of memory: "
          + "\(shown)\(more)",
        isPartial: true)
    ]
  }
}
