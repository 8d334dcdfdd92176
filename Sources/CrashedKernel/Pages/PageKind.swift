/// What a page frame is, as far as a dump level cares.
package enum PageKind: UInt8, CaseIterable, Sendable {
  /// Nothing that is ever left out: the kernel's own.
  case kept
  /// Page cache without private data.
  case cache
  /// Page cache with private data.
  case privateCache
  /// Memory of processes.
  case user
  /// Unused.
  case free
  /// Bad hardware (`PG_hwpoison`).
  case poisoned
  /// Given back to a hypervisor (`PG_offline`).
  case offline
  /// The image lacks it already, because somebody has left it out before.
  case leftOut
  /// In no load: not asked for.
  case foreign

  /// Whether a dump level can leave such a page out.
  package var isExcluded: Bool {
    switch self {
    case .kept, .leftOut, .foreign: false
    case .cache, .privateCache, .user, .free, .poisoned, .offline: true
    }
  }
}

/// What a page is, where it is several things at once.
package struct PageKinds: OptionSet, Sendable {
  package let rawValue: UInt16

  /// Any kinds.
  package init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  /// One kind.
  package init(_ kind: PageKind) {
    rawValue = 1 << UInt16(kind.rawValue)
  }

  /// See ``PageKind``.
  package static let cache = PageKinds(.cache)
  /// See ``PageKind``.
  package static let privateCache = PageKinds(.privateCache)
  /// See ``PageKind``.
  package static let user = PageKinds(.user)
  /// See ``PageKind``.
  package static let free = PageKinds(.free)
  /// See ``PageKind``.
  package static let poisoned = PageKinds(.poisoned)
  /// See ``PageKind``.
  package static let offline = PageKinds(.offline)

  /// Bad memory, and what a hypervisor took back: to touch it can end the second kernel. Such a page
  /// is left out even where it is reserved, or of the kernel's image; to be anything else is an error
  /// there.
  static let lost: PageKinds = [.poisoned, .offline]
  /// What pages are one by one: each free block has its own size.
  static let single: PageKinds = [.poisoned, .offline, .free]

  /// The one that decides (makedumpfile `__exclude_unnecessary_pages`).
  var first: PageKind? {
    if contains(.free) { return .free }
    if contains(.cache) { return .cache }
    if contains(.privateCache) { return .privateCache }
    if contains(.user) { return .user }
    if contains(.poisoned) { return .poisoned }
    return contains(.offline) ? .offline : nil
  }
}
