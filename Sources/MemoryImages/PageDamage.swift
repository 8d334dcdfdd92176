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
