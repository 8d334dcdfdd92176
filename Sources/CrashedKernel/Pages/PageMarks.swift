internal import Bytes

/// What the frames of one block are. Blocks are worked on in any order and by any thread; what
/// reaches beyond the end of one is told to those behind it.
package struct PageMarks: Sendable {
  /// The frames: at most ``blockSize``, from a multiple of it on.
  package let frames: Range<UInt64>
  /// Those that nothing is known of, and that are kept for it.
  private var kept = BlockBits()
  /// Those of every other kind, by its raw value; a frame in none is foreign.
  private var others = [BlockBits](repeating: BlockBits(), count: PageKind.allCases.count)
  /// Frames whose struct page cannot be read: they are kept.
  package internal(set) var unreadable: UInt64 = 0
  /// Struct pages that were read.
  package internal(set) var tested: UInt64 = 0
  /// Groups that go on behind the block.
  package internal(set) var overhangs: [PageGroup] = []
  /// Where the next block's test goes on, where a group of the same array covers its first frames.
  package internal(set) var next: UInt64?
  /// Which of the frames hold nothing but zeros, where that was asked.
  package var zeros = BlockBits()
  /// What struct pages said that cannot be.
  package internal(set) var contradictions = PageContradictions()
  /// Those that are kept whatever else their struct pages say.
  private var reserved = BlockBits()

  /// Frames of a block: the largest free block that kernels have, so that groups end with it.
  package static let blockSize: UInt64 = 1 << 13

  /// A block of which nothing is asked for yet.
  package init(_ frames: Range<UInt64>) {
    self.frames = frames
  }

  /// The block that a frame lies in.
  package static func block(of frame: UInt64) -> Range<UInt64> {
    let start = frame.roundedDown(to: blockSize)
    return start..<start + blockSize
  }

  /// Sets what frames are before any is tested.
  package mutating func prepare(_ range: Range<UInt64>, as kind: PageKind) {
    for (word, mask) in BlockWords(indices(of: range)) {
      kept.remove(mask, word: word)
      for index in others.indices { others[index].remove(mask, word: word) }
      insert(mask, word: word, as: kind)
    }
  }

  @inline(__always)
  private mutating func insert(_ bits: UInt64, word: Int, as kind: PageKind) {
    switch kind {
    case .kept: kept.insert(bits, word: word)
    case .foreign: break
    default: others[Int(kind.rawValue)].insert(bits, word: word)
    }
  }

  /// Which places of the block frames have.
  package func indices(of range: Range<UInt64>) -> Range<Int> {
    let part = range.clamped(to: frames)
    let first = Int(part.lowerBound - frames.lowerBound)
    return first..<first + Int(part.upperBound - part.lowerBound)
  }

  /// Marks frames that were kept up to now, but for reserved ones, if those are guarded.
  package mutating func mark(
    _ range: Range<UInt64>, as kind: PageKind, isGuarded: Bool = true
  ) {
    for (word, mask) in BlockWords(indices(of: range)) {
      let open = kept[word] & mask
      let guarded = isGuarded ? open & reserved[word] : 0
      contradictions.protected += UInt64(guarded.nonzeroBitCount)
      kept.remove(open & ~guarded, word: word)
      insert(open & ~guarded, word: word, as: kind)
    }
  }

  /// What a frame of the block is.
  package func kind(of frame: UInt64) -> PageKind {
    guard frames.contains(frame) else { return .foreign }
    let index = Int(frame - frames.lowerBound)
    if kept.contains(index) { return .kept }
    return PageKind.allCases.first { others[Int($0.rawValue)].contains(index) } ?? .foreign
  }

  /// The frames of a kind; foreign ones are not told.
  private func bits(_ kind: PageKind) -> BlockBits {
    kind == .kept ? kept : others[Int(kind.rawValue)]
  }

  /// Frames of each kind but foreign ones.
  package var counts: PageCounts {
    var counts = PageCounts()
    for kind in PageKind.allCases { counts[kind] = bits(kind).count }
    return counts
  }

  /// Frames of each kind but foreign ones that are zero.
  package var zeroCounts: PageCounts {
    var counts = PageCounts()
    for kind in PageKind.allCases { counts[kind] = bits(kind).count(with: zeros) }
    return counts
  }

  /// The frames that are left out.
  package var excluded: BlockBits {
    var excluded = BlockBits()
    for kind in PageKind.allCases where kind.isExcluded {
      excluded.formUnion(others[Int(kind.rawValue)])
    }
    return excluded
  }

  /// Keeps frames whatever others say of them: they are reserved.
  mutating func reserve(_ range: Range<UInt64>) {
    for (word, mask) in BlockWords(indices(of: range)) {
      reserved.insert(mask, word: word)
      for kind in PageKind.allCases where kind.isExcluded {
        let wrong = others[Int(kind.rawValue)][word] & mask
        guard wrong != 0 else { continue }
        others[Int(kind.rawValue)].remove(wrong, word: word)
        kept.insert(wrong, word: word)
        contradictions.protected += UInt64(wrong.nonzeroBitCount)
      }
    }
  }

  /// Takes over which frames are reserved.
  package mutating func reserve(as other: PageMarks) {
    reserved = other.reserved
  }

  /// Whether the test left anything out.
  package var hasExclusions: Bool { excluded.count > 0 || !overhangs.isEmpty }
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
