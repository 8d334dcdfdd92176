internal import Bytes
internal import Codecs

/// Places at which a gzip or zlib file can be taken up again, one for each MiB that it gives: made
/// by one pass over it, in which its checksums are compared, too.
struct InflateIndex: Sendable {
  /// Where a piece begins.
  struct Point: Sendable {
    /// Offset in the file of the first byte that belongs to the piece alone.
    var place: UInt64
    /// Bits of the byte before that belong to it, too.
    var bits = 0
    /// What it refers back to; nil where a stream begins.
    var window: WindowStore.Key?
  }

  private(set) var points: [Point] = []
  /// Where each piece begins among the unpacked bytes, and behind the last one their end.
  private(set) var starts: [UInt64] = []
  /// Whether each piece is all zero.
  private(set) var zeros: [Bool] = []
  /// The bytes that pieces refer back to.
  private(set) var windows: WindowStore
  /// What is wrong with the file, though it can be read.
  private(set) var warnings: [Finding] = []

  private let layer: PackedLayer
  private var made: UInt64 = 0
  private var open: (point: Point, window: [UInt8], start: UInt64)
  private var isZero = true

  /// Unpacked bytes of a piece, up to the end of a block.
  private static let pieceSize: UInt64 = 1 << 20
  /// A block that gives more cannot be passed over: zlib's give half of it at most.
  private static let mostPiece: UInt64 = 8 << 20
  /// Bytes that are read or made at once.
  private static let stepSize = 1 << 18

  /// Goes over a file; nil where its blocks are too large.
  init?(of layer: PackedLayer) throws(ImageError) {
    self.layer = layer
    windows = WindowStore(name: layer.name)
    open = (Point(place: 0), [], 0)
    guard let stream = InflateStream() else {
      throw ImageError(.unusable, "\(layer.name): there is no memory for unpacking")
    }
    guard try walk(stream) else { return nil }
    try close()
    starts.append(made)
    try windows.finish()
  }

  private mutating func walk(_ stream: InflateStream) throws(ImageError) -> Bool {
    let input = Chunk(size: InflateIndex.stepSize)
    let output = Chunk(size: InflateIndex.stepSize)
    var position: UInt64 = 0
    var available = 0
    var used = 0
    var stalls = 0
    while true {
      if used == available {
        try layer.check(made: made)
        (used, available) = (0, try fill(input, at: position))
      }
      let rest = unsafe UnsafeRawBufferPointer(rebasing: input.bytes[used..<available])
      guard let step = unsafe stream.blockStep(rest, into: output.bytes) else {
        return try end(.damaged, at: position)
      }
      used += step.used
      position += UInt64(step.used)
      unsafe take(UnsafeRawBufferPointer(rebasing: output.bytes[..<step.made]))
      if step.used > 0 || step.made > 0 || step.isAtEnd {
        stalls = 0
      } else {
        stalls += 1
        if available == 0 { return try end(.cut, at: position) }
        if stalls > 2 { return try end(.damaged, at: position) }
      }
      if step.isAtEnd {
        switch try layer.following(position) {
        case .end: return true
        case .something: return try end(.trailing, at: position)
        case .another: break
        }
        guard stream.restart() else { return try end(.damaged, at: position) }
        if isFull { try begin(Point(place: position), window: []) }
      } else if let bits = stream.blockBits {
        if isFull, let window = stream.window() {
          try begin(Point(place: position, bits: bits), window: window)
        }
      }
      if made - open.start > InflateIndex.mostPiece { return false }
    }
  }

  private func fill(_ input: Chunk, at position: UInt64) throws(ImageError) -> Int {
    do throws(ReadError) {
      return try unsafe layer.source.read(at: position, into: input.bytes)
    } catch {
      throw ImageError(reading: error)
    }
  }

  private mutating func end(
    _ fault: PackedLayer.Fault, at position: UInt64
  ) throws(ImageError) -> Bool {
    warnings.append(try layer.finding(fault, at: position, made: made))
    return true
  }

  // MARK: Pieces

  private var isFull: Bool { made - open.start >= InflateIndex.pieceSize }

  private mutating func take(_ bytes: UnsafeRawBufferPointer) {
    if isZero { isZero = unsafe isAllZero(bytes) }
    made += UInt64(bytes.count)
  }

  private mutating func begin(_ point: Point, window: [UInt8]) throws(ImageError) {
    try close()
    open = (point, window, made)
    isZero = true
  }

  /// Adds the piece that ends here; what a piece of zeros refers back to is not kept.
  private mutating func close() throws(ImageError) {
    guard made > open.start else { return }
    var point = open.point
    if !isZero, !open.window.isEmpty { point.window = try windows.add(open.window) }
    points.append(point)
    starts.append(open.start)
    zeros.append(isZero)
  }
}

/// Unpacks the pieces of a gzip or zlib file.
struct InflatePieces: PieceDecoder {
  let name: String
  private let source: any ByteSource
  private let index: InflateIndex
  /// Bytes of the checksum behind a stream.
  private let trailerSize: UInt64
  private let streams = CodecPool { InflateStream() }
  private let chunks = ChunkPool(size: 1 << 18)

  var starts: [UInt64] { index.starts }

  /// The pieces of a file.
  init(of layer: PackedLayer, _ index: InflateIndex) {
    name = layer.name
    source = layer.source
    trailerSize = layer.form == .gzip ? 8 : 4
    self.index = index
  }

  func isZero(_ piece: Int) -> Bool { index.zeros[piece] }

  func unpack(_ piece: Int, into output: UnsafeMutableRawBufferPointer) throws(ReadError) {
    let point = index.points[piece]
    let input = chunks.take()
    defer { chunks.giveBack(input) }
    let isWhole = try streams.with { stream throws(ReadError) in
      try begin(stream, at: point)
      return try unsafe inflate(stream, from: point.place, input, into: output)
    }
    guard isWhole == true else {
      throw ReadError(
        source: name, offset: point.place,
        reason: "the packed bytes here give something else than before: the file was changed")
    }
  }

  private func begin(_ stream: InflateStream, at point: InflateIndex.Point) throws(ReadError) {
    guard let key = point.window else {
      _ = stream.restart()
      return
    }
    let window = try index.windows.window(key)
    let byte = try source.bytes(at: point.place &- 1, count: 1).first ?? 0
    _ = unsafe window.withUnsafeBytes {
      unsafe stream.resume(bits: point.bits, of: byte, window: $0)
    }
  }

  private func inflate(
    _ stream: InflateStream, from place: UInt64, _ input: Chunk,
    into output: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Bool {
    var position = place
    var done = 0
    while done < output.count {
      let read = try unsafe source.read(at: position, into: input.bytes)
      var used = 0
      while done < output.count {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: input.bytes[used..<read])
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: output[done...])
        guard let step = unsafe stream.step(rest, into: room) else { return false }
        used += step.used
        done += step.made
        if step.isAtEnd {
          position += UInt64(used) + (stream.isResumed ? trailerSize : 0)
          guard stream.restart() else { return false }
          break
        }
        if used == read {
          guard step.used > 0 || step.made > 0 else { return false }
          position += UInt64(used)
          break
        }
        guard step.used > 0 || step.made > 0 else { return false }
      }
    }
    return true
  }
}
