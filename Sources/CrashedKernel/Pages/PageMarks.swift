internal import Bytes

/// What the frames of one block are. Blocks are worked on in any order and by any thread; what
/// reaches beyond the end of one is told to those behind it.
package struct PageMarks: Sendable {
  /// The frames: at most ``blockSize``, from a multiple of it on.
  package let frames: Range<UInt64>
  /// What each of them is.
  package private(set) var kinds: [PageKind]
  /// Frames of each kind that is left out, by its raw value.
  package private(set) var counts = PageCounts()
  /// Frames whose struct page cannot be read: they are kept.
  package internal(set) var unreadable: UInt64 = 0
  /// Struct pages that were read.
  package internal(set) var tested: UInt64 = 0
  /// Groups that go on behind the block.
  package internal(set) var overhangs: [PageGroup] = []
  /// Where the next block's test goes on, where a group of the same array covers its first frames.
  package internal(set) var next: UInt64?
  /// Which of the frames hold nothing but zeros, where that was asked; else empty.
  package var zeros: [Bool] = []
  /// What struct pages said that cannot be.
  package internal(set) var contradictions = PageContradictions()
  /// A bit for each frame that is reserved; empty where none is.
  private var reserved: [UInt64] = []

  /// Frames of a block: the largest free block that kernels have, so that groups end with it.
  package static let blockSize: UInt64 = 1 << 13

  /// A block of which nothing is asked for yet.
  package init(_ frames: Range<UInt64>) {
    self.frames = frames
    kinds = [PageKind](repeating: .foreign, count: Int(frames.length))
  }

  /// The block that a frame lies in.
  package static func block(of frame: UInt64) -> Range<UInt64> {
    let start = frame.roundedDown(to: blockSize)
    return start..<start + blockSize
  }

  /// Sets what frames are before any is tested.
  package mutating func prepare(_ range: Range<UInt64>, as kind: PageKind) {
    let part = indices(of: range)
    var kinds = kinds.mutableSpan
    for index in part { kinds[index] = kind }
  }

  private func indices(of range: Range<UInt64>) -> Range<Int> {
    let part = range.clamped(to: frames)
    let first = Int(part.lowerBound - frames.lowerBound)
    return first..<first + Int(part.upperBound - part.lowerBound)
  }

  /// Marks frames that were kept up to now, but for reserved ones, if those are guarded.
  package mutating func mark(
    _ range: Range<UInt64>, as kind: PageKind, isGuarded: Bool = true
  ) {
    let part = indices(of: range)
    guard !part.isEmpty else { return }
    var count: UInt64 = 0
    if reserved.isEmpty || !isGuarded {
      var kinds = kinds.mutableSpan
      for index in part where kinds[index] == .kept {
        kinds[index] = kind
        count += 1
      }
    } else {
      for index in part where kinds[index] == .kept {
        if reserved[index >> 6] >> UInt64(index & 63) & 1 == 1 {
          contradictions.protected += 1
        } else {
          kinds[index] = kind
          count += 1
        }
      }
    }
    counts[kind] += count
  }

  /// A bit for each frame that is left out, the first one's the lowest of the first word.
  package var excludedBits: [UInt64] {
    var words = [UInt64](repeating: 0, count: kinds.count / 64)
    let kinds = kinds.span
    for number in words.indices {
      var word: UInt64 = 0
      for bit in 0..<64 where kinds[number << 6 + bit].isExcluded { word |= 1 << UInt64(bit) }
      words[number] = word
    }
    return words
  }

  /// Keeps a frame whatever others say of it: it is reserved.
  mutating func reserve(_ frame: UInt64) {
    guard frames.contains(frame) else { return }
    let index = Int(frame - frames.lowerBound)
    if reserved.isEmpty {
      reserved = [UInt64](repeating: 0, count: Int(PageMarks.blockSize / 64))
    }
    reserved[index >> 6] |= 1 << UInt64(index & 63)
    guard kinds[index].isExcluded else { return }
    counts[kinds[index]] -= 1
    kinds[index] = .kept
    contradictions.protected += 1
  }

  /// Takes over which frames are reserved.
  package mutating func reserve(as other: PageMarks) {
    reserved = other.reserved
  }

  /// Whether the test left anything out.
  package var hasExclusions: Bool { counts.excluded > 0 || !overhangs.isEmpty }
}

/// Frames that are left out together.
package struct PageGroup: Equatable, Sendable {
  /// The frames.
  package var frames: Range<UInt64>
  /// What they are.
  package var kind: PageKind
}

/// Frames by what they are.
package struct PageCounts: Equatable, Sendable {
  private var values = [UInt64](repeating: 0, count: PageKind.allCases.count)

  /// None.
  package init() {}

  /// Frames of one kind.
  package subscript(kind: PageKind) -> UInt64 {
    get { values[Int(kind.rawValue)] }
    set { values[Int(kind.rawValue)] = newValue }
  }

  /// Frames of all kinds that are left out.
  package var excluded: UInt64 {
    PageKind.allCases.filter(\.isExcluded).reduce(0) { $0 + self[$1] }
  }

  /// Adds what was counted elsewhere.
  package static func += (sum: inout PageCounts, more: PageCounts) {
    for index in sum.values.indices { sum.values[index] += more.values[index] }
  }
}
