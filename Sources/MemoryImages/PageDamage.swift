package import Bytes

/// Pages whose bytes cannot be had, or cannot be what they should be. Most show it only when they are
/// unpacked, so they are counted as they are read; all of them read as zeros.
package final class PageDamage: Sendable {
  private let name: String
  private let pageSize: UInt64
  /// Pages that their descriptors told of, and the first of them.
  private let told: (count: UInt64, first: [UInt64])
  /// What they are, and what would help.
  private let state: String
  private let advice: String
  private let lock = Lock()
  private let frames = FrameSet()
  /// What belongs to other layers of the same file.
  private let others: [PageDamage]

  /// Addresses that are shown.
  static let shown = 8

  /// Damage of the pages of a dump, as far as it is known before any of them is read.
  init(
    of name: String, pageSize: UInt64, told: (count: UInt64, first: [UInt64]),
    state: String = "damaged", advice: String = ""
  ) {
    self.state = state
    self.advice = advice
    self.name = name
    self.pageSize = pageSize
    self.told = told
    others = []
  }

  private init(_ others: [PageDamage]) {
    name = ""
    state = ""
    advice = ""
    pageSize = 1
    told = (0, [])
    self.others = others
  }

  /// The damage of all layers of a file; nil where nothing is packed in any.
  static func joined(_ layers: [PageDamage?]) -> PageDamage? {
    let layers = layers.compactMap(\.self)
    return layers.count > 1 ? PageDamage(layers) : layers.first
  }

  /// Number of damaged pages that are known by now.
  package var count: UInt64 {
    told.count + lock.withLock { frames.count } + others.reduce(0) { $0 + $1.count }
  }

  /// Whether a page was found to be damaged when it was read.
  var wasFound: Bool { lock.withLock { frames.count > 0 } }

  /// A page that cannot be unpacked; it may be told twice.
  func add(_ frame: UInt64) {
    lock.withLock { frames.insert(frame) }
  }

  /// Whether a page was found to be damaged.
  func contains(_ frame: UInt64) -> Bool {
    lock.withLock { frames.contains(frame) }
  }

  /// What there is to say by now; nil where no page is damaged.
  package var finding: Finding? {
    guard others.isEmpty else {
      let findings = others.compactMap(\.finding)
      guard let first = findings.first else { return nil }
      let message = findings.dropFirst().reduce(first.message) { $0 + "; " + $1.message }
      return Finding(message, isPartial: true)
    }
    let (found, first) = lock.withLock { (frames.count, frames.first(PageDamage.shown)) }
    let count = told.count + found
    guard count > 0 else { return nil }
    return Finding(
      "\(name): \(PageDamage.text(count, state, (told.first + first).sorted(), pageSize)): "
        + "\(count == 1 ? "it reads" : "they read") as zeros\(advice)", isPartial: true)
  }

  /// `3 pages are damaged, at 0x1000, 0x2000, 0x3000`
  static func text(
    _ count: UInt64, _ state: String, _ frames: [UInt64], _ pageSize: UInt64
  ) -> String {
    let places = frames.prefix(shown).map { ($0 * pageSize).hex }
    let more = UInt64(places.count) < count ? ", \(places.isEmpty ? "" : "the first ")at " : ", at "
    return "\(count) \(count == 1 ? "page is" : "pages are") \(state)"
      + (places.isEmpty ? "" : more + places.joined(separator: ", "))
  }
}

/// A set of page frames that takes no more memory than half a byte a frame where they are dense.
/// It is used under a lock.
private final class FrameSet: @unchecked Sendable {
  /// Bit n of the word of a key k is frame 64 k + n.
  private var words: [UInt64: UInt64] = [:]
  private(set) var count: UInt64 = 0

  /// Words that are kept, in at most 32 MiB. Frames beyond are counted, each time they are told.
  private static let mostWords = 1 << 19

  func insert(_ frame: UInt64) {
    let bit = UInt64(1) << (frame % 64)
    guard words.count < FrameSet.mostWords || words[frame / 64] != nil else {
      count += 1
      return
    }
    let word = words[frame / 64, default: 0]
    if word & bit == 0 { count += 1 }
    words[frame / 64] = word | bit
  }

  func contains(_ frame: UInt64) -> Bool {
    guard let word = words[frame / 64] else { return false }
    return word & (1 << (frame % 64)) != 0
  }

  /// The lowest frames of the set.
  func first(_ limit: Int) -> [UInt64] {
    var first: [UInt64] = []
    for key in words.keys.sorted() {
      guard let word = words[key] else { continue }
      for bit in 0..<64 where word & (1 << bit) != 0 {
        guard first.count < limit else { return first }
        first.append(key * 64 + UInt64(bit))
      }
    }
    return first
  }
}
