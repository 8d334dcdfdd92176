internal import Bytes
internal import Codecs

/// A packed file whose parts are unpacked when they are read first, each once, into a file without a
/// name: by all threads that read, and only those parts that anybody wants.
final class UnpackedParts: ByteSource {
  let name: String
  let size: UInt64
  private let layer: PackedLayer
  private let parts: PackedParts
  private let spool: UnpackedSpool
  private let damage: PageDamage
  private let lock = Lock()
  private let states: PartStates

  /// Bytes that are read or made at once.
  fileprivate static let stepSize = 1 << 18
  private static let pageSize: UInt64 = 4096

  /// The input inside a packed file; nil where the file does not tell of its parts, or where nothing
  /// is here to unpack one.
  static func input(of layer: PackedLayer) throws(ImageError) -> ImageInput? {
    guard layer.form.unpacker() != nil, let parts = try PackedParts(of: layer) else { return nil }
    try layer.check(made: parts.size)
    let damage = PageDamage(of: layer.name, pageSize: pageSize, told: (0, []))
    let source = try UnpackedParts(layer, parts, damage)
    var unpacked = layer.input
    unpacked.source = source
    unpacked.damage = PageDamage.joined([unpacked.damage, damage])
    unpacked.notices.append(
      "\(layer.name): what is read of its \(parts.size) bytes in \(parts.parts.count) parts of "
        + "\(layer.form.rawValue) is kept in a file without a name in \(source.spool.directory)")
    return unpacked
  }

  private init(
    _ layer: PackedLayer, _ parts: PackedParts, _ damage: PageDamage
  ) throws(ImageError) {
    self.layer = layer
    self.parts = parts
    self.damage = damage
    name = layer.name
    size = parts.size
    spool = try UnpackedSpool(for: layer, size: parts.size)
    states = PartStates(parts.parts.count)
  }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    var index = index(at: offset)
    var done = 0
    while done < count {
      let place = offset + UInt64(done)
      let length = Int(min(UInt64(count - done), parts.starts[index + 1] - place))
      let output = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + length])
      if try isThere(index) {
        try unsafe spool.read(at: place, into: output)
      } else {
        unsafe output.initializeMemory(as: UInt8.self, repeating: 0)
      }
      done += length
      index += 1
    }
    return done
  }

  func extent(at offset: UInt64) -> SourceExtent {
    guard offset < size else { return SourceExtent(isHole: false, end: offset) }
    let index = index(at: offset)
    // Whoever asks for holes reads what is none: what is so small is unpacked now. Another part stays
    // data, whatever comes of it.
    let mayBeHole = isMostLikelyZero(index)
    if mayBeHole { _ = try? isThere(index) }
    let state = state(of: index)
    return SourceExtent(
      isHole: mayBeHole && state == .zero, isLeftOut: state == .lost, end: parts.starts[index + 1])
  }

  /// Whether a part is packed as well as nothing but zeros is; each of them is unpacked once.
  private func isMostLikelyZero(_ index: Int) -> Bool {
    let packed = parts.parts[index].place
    return (parts.starts[index + 1] - parts.starts[index]) / 256 > packed.length
  }

  var mayLoseBytes: Bool { true }

  func isLost(_ range: Range<UInt64>) -> Bool {
    guard damage.wasFound, !range.isEmpty, range.upperBound <= size else { return false }
    return (index(at: range.lowerBound)...index(at: range.upperBound - 1))
      .allSatisfy { state(of: $0) == .lost }
  }

  private func index(at offset: UInt64) -> Int {
    var low = 0
    var high = parts.parts.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if parts.starts[middle] <= offset { low = middle } else { high = middle - 1 }
    }
    return low
  }

  // MARK: Who unpacks what

  private func state(of index: Int) -> PartStates.State { lock.withLock { states[index] } }

  /// Unpacks a part unless that was done before; false where it is lost. While another thread is at
  /// work on it this one begins with what follows: threads that read in order do not wait in turn.
  private func isThere(_ index: Int) throws(ReadError) -> Bool {
    while true {
      let (state, mine) = lock.withLock { claim(index) }
      if let mine {
        try work(on: mine)
        continue
      }
      switch state {
      case .done, .zero: return true
      case .lost: return false
      case .waiting, .working:
        lock.withLock { if states[index] == .working { lock.wait() } }
      }
    }
  }

  /// Parts behind the one that is wanted that are begun meanwhile.
  private static let ahead = 16

  /// What a thread is to do that wants a part; under the lock.
  private func claim(_ index: Int) -> (state: PartStates.State, mine: Int?) {
    var mine: Int?
    switch states[index] {
    case .waiting: mine = index
    case .working:
      mine = (index + 1..<min(index + 1 + UnpackedParts.ahead, parts.parts.count))
        .first { states[$0] == .waiting }
    case .done, .zero, .lost: break
    }
    if let mine { states[mine] = .working }
    return (states[index], mine)
  }

  private func work(on index: Int) throws(ReadError) {
    var result = PartStates.State.waiting
    defer {
      lock.withLock {
        states[index] = result
        lock.wakeAll()
      }
    }
    if let isZero = try unpack(index) {
      result = isZero ? .zero : .done
      return
    }
    let pages =
      parts.starts[index] / UnpackedParts.pageSize...(parts.starts[index + 1] - 1)
      / UnpackedParts.pageSize
    for page in pages { damage.add(page) }
    result = .lost
  }

  // MARK: Unpacking

  /// Unpacks a part into the file, and answers whether all of it is zero; nil where it is damaged.
  private func unpack(_ index: Int) throws(ReadError) -> Bool? {
    guard let unpacker = layer.form.unpacker() else {
      throw ReadError(
        source: name, offset: parts.parts[index].place.lowerBound,
        reason: "there is no memory for unpacking")
    }
    let part = parts.parts[index]
    let output = Chunk(size: UnpackedParts.stepSize)
    var writer = PartWriter(spool, parts.starts[index]..<parts.starts[index + 1], output)
    if !part.head.isEmpty {
      let isTaken = try unsafe part.head.withBytes { head throws(ReadError) in
        try unsafe writer.feed(head, to: unpacker)
      }
      guard isTaken else { return nil }
    }
    let input = Chunk(size: UnpackedParts.stepSize)
    var position = part.place.lowerBound
    while position < part.place.upperBound {
      if layer.isCancelled() { throw ReadError(cancelled: name) }
      let wanted = Int(min(UInt64(UnpackedParts.stepSize), part.place.upperBound - position))
      let read = try unsafe layer.source.read(
        at: position, into: UnsafeMutableRawBufferPointer(rebasing: input.bytes[..<wanted]))
      guard read == wanted,
        try unsafe writer.feed(
          UnsafeRawBufferPointer(rebasing: input.bytes[..<read]), to: unpacker)
      else { return nil }
      position += UInt64(read)
    }
    return writer.isFull ? writer.isZero : nil
  }
}

/// How far each part is. It is used under a lock.
private final class PartStates: @unchecked Sendable {
  enum State: UInt8 {
    case waiting, working, done, zero, lost
  }

  private var states: [State]

  init(_ count: Int) {
    states = [State](repeating: .waiting, count: count)
  }

  subscript(index: Int) -> State {
    get { states[index] }
    set { states[index] = newValue }
  }
}

/// The file that takes unpacked bytes, at their own offsets.
private final class UnpackedSpool: @unchecked Sendable {
  let directory: String
  private let file: SpoolFile
  private let source: FileSource
  private let limit: UInt64
  private let lock = Lock()
  private var kept: UInt64 = 0

  init(for layer: PackedLayer, size: UInt64) throws(ImageError) {
    limit = layer.mostKept
    file = try rethrow(as: ImageError.init(opening:), SpoolFile(for: layer.name))
    source = try rethrow(as: ImageError.init(opening:), file.source(size: size))
    directory = file.directory
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(ReadError) {
    let total = lock.withLock {
      kept = kept.adding(UInt64(bytes.count)) ?? .max
      return kept
    }
    guard total <= limit else {
      throw ReadError(
        source: source.name, offset: offset,
        reason: "what is packed here gives more than \(limit) bytes: that is no machine's memory")
    }
    do throws(OpenError) { try unsafe file.write(bytes, at: offset) } catch {
      throw ReadError(source: error.path, offset: offset, reason: error.reason)
    }
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(ReadError) {
    let count = try unsafe source.read(at: offset, into: buffer)
    guard count == buffer.count else {
      throw ReadError(source: source.name, offset: offset, reason: "its unpacked copy ends here")
    }
  }
}

/// Writes what is unpacked of one part.
private struct PartWriter {
  private let spool: UnpackedSpool
  private let range: Range<UInt64>
  private let output: Chunk
  private var made: UInt64 = 0
  private var isAtEnd = false
  /// Whether nothing but zeros came of it.
  private(set) var isZero = true

  /// Zeros of this size stay a hole.
  private static let blockSize = 1 << 16

  init(_ spool: UnpackedSpool, _ range: Range<UInt64>, _ output: Chunk) {
    self.spool = spool
    self.range = range
    self.output = output
  }

  /// Whether everything came of it that should.
  var isFull: Bool { made == range.length }

  /// Unpacks some bytes; false where that cannot be done, or gives too much.
  mutating func feed(
    _ input: UnsafeRawBufferPointer, to unpacker: any StreamUnpacker
  ) throws(ReadError) -> Bool {
    var used = 0
    while true {
      guard !isAtEnd else { return used == input.count }
      guard
        let step = unsafe unpacker.step(
          UnsafeRawBufferPointer(rebasing: input[used...]), into: output.bytes),
        UInt64(step.made) <= range.length - made
      else { return false }
      used += step.used
      isAtEnd = step.isAtEnd
      try unsafe write(UnsafeRawBufferPointer(rebasing: output.bytes[..<step.made]))
      if used == input.count, step.made < UnpackedParts.stepSize { return true }
      if step.used == 0, step.made == 0, !isAtEnd { return used == input.count }
    }
  }

  private mutating func write(_ bytes: UnsafeRawBufferPointer) throws(ReadError) {
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + PartWriter.blockSize)
      let block = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      if unsafe !isAllZero(block) {
        isZero = false
        try unsafe spool.write(block, at: range.lowerBound + made)
      }
      made += UInt64(block.count)
      start = end
    }
  }
}
