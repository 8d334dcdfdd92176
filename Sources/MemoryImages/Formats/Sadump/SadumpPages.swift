internal import Bytes

/// The pages of a sadump dump as one source: offset = physical address. Those that are not dumped are
/// zeros, and holes; the others follow one another on the disks in the order of their frames.
final class SadumpPages: ByteSource {
  let name: String
  let size: UInt64
  private let dumped: KdumpBitmap
  private let volumes: SadumpVolumes
  private let blockSize: UInt64
  private let windows = FrameWindows()

  /// The pages whose bits are set.
  init(_ dumped: KdumpBitmap, on volumes: SadumpVolumes, blockSize: UInt64, name: String) {
    self.dumped = dumped
    self.volumes = volumes
    self.blockSize = blockSize
    self.name = name
    size = dumped.frames * blockSize
  }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    var done = 0
    while done < count {
      let place = offset + UInt64(done)
      let window = try window(of: place / blockSize)
      var frame = place / blockSize
      var rank = window.rank(of: frame)
      while done < count, frame < window.end {
        let inside = (offset + UInt64(done)) % blockSize
        let last = (offset + UInt64(count) - 1) / blockSize
        let (isDumped, end) = window.run(at: frame, before: min(window.end, last + 1))
        let length = Int(min(UInt64(count - done), (end - frame) * blockSize - inside))
        let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + length])
        if isDumped {
          try unsafe volumes.read(at: rank * blockSize + inside, into: part)
          rank += end - frame
        } else {
          unsafe part.initializeMemory(as: UInt8.self, repeating: 0)
        }
        done += length
        frame = end
      }
    }
    return done
  }

  func extent(at offset: UInt64) -> SourceExtent {
    // What cannot be read is data: reading it says why.
    guard offset < size, let window = try? window(of: offset / blockSize) else {
      return SourceExtent(isHole: false, end: max(offset, size))
    }
    let (isDumped, end) = window.run(at: offset / blockSize, before: window.end)
    return SourceExtent(isHole: !isDumped, end: end * blockSize)
  }

  /// The address at which a byte of the data stands; nil behind all of it.
  func address(ofData offset: UInt64) throws(ReadError) -> UInt64? {
    try dumped.frame(ofRank: offset / blockSize).map { $0 * blockSize + offset % blockSize }
  }

  private func window(of frame: UInt64) throws(ReadError) -> FrameWindow {
    let start = frame.roundedDown(to: FrameWindow.frames)
    if let window = windows.window(from: start) { return window }
    let end = min(dumped.frames, start + FrameWindow.frames)
    let window = FrameWindow(
      start: start, end: end, words: try dumped.words(from: start, through: end - 1),
      rank: try dumped.rank(of: start))
    windows.keep(window)
    return window
  }
}

/// A part of a bitmap.
private struct FrameWindow {
  /// The first frame, and the one behind the last.
  let start: UInt64
  let end: UInt64
  let words: [UInt64]
  /// Number of bits that are set before the first frame.
  let rank: UInt64

  /// Frames of a whole window.
  static let frames: UInt64 = 32_768

  /// Number of bits that are set before a frame of the window.
  func rank(of frame: UInt64) -> UInt64 {
    let place = frame - start
    let word = Int(place / 64)
    var rank = rank
    for before in words[..<word] { rank += UInt64(before.nonzeroBitCount) }
    return rank + UInt64((words[word] & ((1 << (place % 64)) &- 1)).nonzeroBitCount)
  }

  /// Whether the bit of a frame is set, and how far those behind it are like it.
  func run(at frame: UInt64, before end: UInt64) -> (isSet: Bool, end: UInt64) {
    var place = frame - start
    let isSet = words[Int(place / 64)] & (1 << (place % 64)) != 0
    while start + place < end {
      let word = words[Int(place / 64)]
      // Bits that differ from the first one, from the place on.
      let other = (isSet ? ~word : word) >> (place % 64)
      if other != 0 { return (isSet, min(end, start + place + UInt64(other.trailingZeroBitCount))) }
      place = (place / 64 + 1) * 64
    }
    return (isSet, end)
  }
}

/// The parts of the bitmap that were asked for last: who reads memory in pieces asks for many of one.
private final class FrameWindows: Sendable {
  private let lock = Lock()
  private nonisolated(unsafe) var windows: [FrameWindow] = []

  /// Enough for some threads that read in order.
  private static let limit = 16

  func window(from start: UInt64) -> FrameWindow? {
    lock.withLock { unsafe windows.first { $0.start == start } }
  }

  func keep(_ window: FrameWindow) {
    lock.withLock {
      if unsafe windows.count >= FrameWindows.limit { unsafe windows.removeFirst() }
      unsafe windows.append(window)
    }
  }
}
