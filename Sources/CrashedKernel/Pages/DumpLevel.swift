/// What a dump leaves out: the bits of makedumpfile's `-d` (`DL_EXCLUDE_*`, `makedumpfile.h`).
package struct DumpLevel: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  /// Any bits.
  package init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// Pages that hold nothing but zeros.
  package static let zero = DumpLevel(rawValue: 1)
  /// Pages of the page cache without private data.
  package static let cache = DumpLevel(rawValue: 2)
  /// All pages of the page cache.
  package static let privateCache = DumpLevel(rawValue: 4)
  /// Memory of processes: anonymous pages and those of hugetlbfs.
  package static let user = DumpLevel(rawValue: 8)
  /// Pages that nobody uses.
  package static let free = DumpLevel(rawValue: 16)
  /// Everything that can be left out.
  package static let all = DumpLevel(rawValue: 31)

  /// Each bit with its name, in order.
  package static let names: [(level: DumpLevel, name: String)] = [
    (.zero, "zero"), (.cache, "cache"), (.privateCache, "private"), (.user, "user"),
    (.free, "free"),
  ]

  /// The kinds of pages that the level leaves out; poisoned and offline ones always are.
  package var kinds: PageKinds {
    var kinds: PageKinds = [.poisoned, .offline]
    if !isDisjoint(with: [.cache, .privateCache]) { kinds.insert(.cache) }
    if contains(.privateCache) { kinds.insert(.privateCache) }
    if contains(.user) { kinds.insert(.user) }
    if contains(.free) { kinds.insert(.free) }
    return kinds
  }
}

extension DumpLevel: CustomStringConvertible {
  /// `16 (free)`
  package var description: String {
    let names = DumpLevel.names.filter { contains($0.level) }.map(\.name)
    return "\(rawValue)" + (names.isEmpty ? "" : " (\(names.joined(separator: ",")))")
  }
}
