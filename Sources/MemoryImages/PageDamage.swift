package import Bytes

/// Pages of a dump whose bytes cannot be what they should be. Most show it only when they are
/// unpacked, so they are counted as they are read; all of them read as zeros.
package final class PageDamage: Sendable {
  private let name: String
  private let pageSize: UInt64
  /// Pages that their descriptors told of, and the first of them.
  private let told: (count: UInt64, first: [UInt64])
  private let lock = Lock()
  private let frames = FrameSet()

  /// Addresses that are shown.
  static let shown = 8

  /// Damage of the pages of a dump, as far as it is known before any of them is read.
  init(of name: String, pageSize: UInt64, told: (count: UInt64, first: [UInt64])) {
    self.name = name
    self.pageSize = pageSize
    self.told = told
  }

  /// Number of damaged pages that are known by now.
  package var count: UInt64 { told.count + lock.withLock { frames.count } }

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
    let (found, first) = lock.withLock { (frames.count, frames.first(PageDamage.shown)) }
    let count = told.count + found
    guard count > 0 else { return nil }
    return Finding(
      "\(name): \(PageDamage.text(count, "damaged", (told.first + first).sorted(), pageSize)): "
        + "\(count == 1 ? "it reads" : "they read") as zeros", isPartial: true)
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
