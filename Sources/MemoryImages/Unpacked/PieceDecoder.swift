internal import Bytes

/// Bytes that are packed in pieces, each of which can be unpacked alone.
protocol PieceDecoder: Sendable {
  /// What messages call them.
  var name: String { get }
  /// Where each piece begins among the unpacked bytes, and behind the last one their end.
  var starts: [UInt64] { get }

  /// Whether a piece is known to be all zero.
  func isZero(_ piece: Int) -> Bool

  /// Unpacks a whole piece.
  func unpack(_ piece: Int, into output: UnsafeMutableRawBufferPointer) throws(ReadError)

  /// Whether bytes may turn out to be lost when they are unpacked; they are zeros then.
  var mayLoseBytes: Bool { get }

  /// Whether unpacking has shown the byte at an offset to be lost, and how far those behind it are
  /// like it.
  func lostPart(at offset: UInt64, before end: UInt64) -> (isLost: Bool, end: UInt64)
}

extension PieceDecoder {
  /// What is damaged cannot be read at all.
  var mayLoseBytes: Bool { false }

  /// Nothing is.
  func lostPart(at offset: UInt64, before end: UInt64) -> (isLost: Bool, end: UInt64) {
    (false, end)
  }
}

/// The unpacked bytes as a source of their own, readable at any offset by any number of threads.
/// The pieces that were used last are kept.
struct UnpackedSource: ByteSource {
  let name: String
  let size: UInt64
  let readCost: UInt64 = 4
  private let decoder: any PieceDecoder
  private let starts: [UInt64]
  private let cache = PieceCache()
  private let memory: PieceMemory

  /// The bytes of all pieces.
  init(_ decoder: any PieceDecoder) {
    self.decoder = decoder
    starts = decoder.starts
    name = decoder.name
    size = starts.last ?? 0
    memory = PieceMemory(largest: zip(starts, starts.dropFirst()).map { Int($1 - $0) }.max() ?? 0)
  }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    var piece = self.piece(at: offset)
    var done = 0
    while done < count {
      let inside = Int(offset + UInt64(done) - starts[piece])
      let length = min(count - done, length(of: piece) - inside)
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + length])
      if decoder.isZero(piece) {
        unsafe part.initializeMemory(as: UInt8.self, repeating: 0)
      } else if length == self.length(of: piece) {
        try unsafe decoder.unpack(piece, into: part)
      } else {
        let bytes = try cache.piece(piece, next: next(behind: piece)) { piece throws(ReadError) in
          let bytes = memory.take(self.length(of: piece))
          try unsafe decoder.unpack(piece, into: bytes.bytes)
          return bytes
        }
        unsafe part.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes.bytes[inside..<inside + length]))
      }
      done += length
      piece += 1
    }
    return done
  }

  func extent(at offset: UInt64) -> SourceExtent {
    guard offset < size else { return SourceExtent(isHole: false, end: offset) }
    var piece = piece(at: offset)
    let isHole = decoder.isZero(piece)
    let last = min(piece + UnpackedSource.mostPieces, starts.count - 1)
    repeat { piece += 1 } while piece < last && decoder.isZero(piece) == isHole
    guard !isHole else { return SourceExtent(isHole: true, end: starts[piece]) }
    let (isLost, end) = decoder.lostPart(at: offset, before: starts[piece])
    return SourceExtent(isHole: false, isLeftOut: isLost, end: end)
  }

  var mayLoseBytes: Bool { decoder.mayLoseBytes }

  func isLost(_ range: Range<UInt64>) -> Bool {
    guard mayLoseBytes, !range.isEmpty, range.upperBound <= size else { return false }
    return decoder.lostPart(at: range.lowerBound, before: range.upperBound)
      == (true, range.upperBound)
  }

  /// Pieces that are looked at to answer for one extent.
  private static let mostPieces = 4096

  private func length(of piece: Int) -> Int { Int(starts[piece + 1] - starts[piece]) }

  /// The piece that whoever reads in order wants after this one.
  private func next(behind piece: Int) -> Int? {
    let next = piece + 1
    return next + 1 < starts.count && !decoder.isZero(next) ? next : nil
  }

  private func piece(at offset: UInt64) -> Int {
    var low = 0
    var high = starts.count - 2
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= offset { low = middle } else { high = middle - 1 }
    }
    return low
  }
}
