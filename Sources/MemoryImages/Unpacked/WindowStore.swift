internal import Bytes
internal import Codecs

/// The 32 KiB before each piece of an index: some in memory, the others in a file without a name.
struct WindowStore: Sendable {
  /// Which one; nil stands for zeros alone.
  struct Key: Equatable, Sendable {
    fileprivate var number: Int?
  }

  private let name: String
  private var memory: [UInt8] = []
  private var spool: Spooled?
  private var count = 0

  private enum Spooled: @unchecked Sendable {
    /// While windows are added, by one thread.
    case open(SpoolFile)
    case done(FileSource)
  }

  private static let size = InflateStream.windowSize
  /// Windows that are held in memory: 8 MiB.
  private static let mostInMemory = 256

  /// No windows of the file that messages call `name`.
  init(name: String) {
    self.name = name
  }

  /// Adds one; a short one is filled up with zeros before it, which nothing refers to.
  mutating func add(_ window: [UInt8]) throws(ImageError) -> Key {
    if window.allSatisfy({ $0 == 0 }) { return Key(number: nil) }
    let whole = [UInt8](repeating: 0, count: WindowStore.size - window.count) + window
    defer { count += 1 }
    if count < WindowStore.mostInMemory {
      memory += whole
    } else {
      try keep(whole)
    }
    return Key(number: count)
  }

  private mutating func keep(_ window: [UInt8]) throws(ImageError) {
    let file: SpoolFile
    if case .open(let open)? = spool {
      file = open
    } else {
      file = try rethrow(as: ImageError.init(opening:), SpoolFile(for: name))
      spool = .open(file)
    }
    let offset = UInt64(count - WindowStore.mostInMemory) * UInt64(WindowStore.size)
    try unsafe window.withBytes { bytes throws(ImageError) in
      try rethrow(as: ImageError.init(opening:), unsafe file.write(bytes, at: offset))
    }
  }

  /// No more windows are added.
  mutating func finish() throws(ImageError) {
    guard case .open(let file)? = spool else { return }
    let size = UInt64(count - WindowStore.mostInMemory) * UInt64(WindowStore.size)
    spool = .done(try rethrow(as: ImageError.init(opening:), file.source(size: size)))
  }

  /// One of them.
  func window(_ key: Key) throws(ReadError) -> [UInt8] {
    guard let number = key.number else { return [UInt8](repeating: 0, count: WindowStore.size) }
    if number < WindowStore.mostInMemory {
      return Array(memory[number * WindowStore.size..<(number + 1) * WindowStore.size])
    }
    guard case .done(let file)? = spool else { return [] }
    let offset = UInt64(number - WindowStore.mostInMemory) * UInt64(WindowStore.size)
    return try file.bytes(at: offset, count: WindowStore.size)
  }
}
