internal import Bytes
internal import CoreWriting
internal import CrashedKernel

/// What was left out of a dump: numbers of page frames, each frame counted once.
public struct FilterReport: Equatable, Sendable {
  /// What was asked for.
  public let level: DumpLevel
  /// Bytes of a page.
  public let pageSize: UInt64
  /// Frames of the loads.
  public let frames: UInt64
  /// Pages of zeros; nil where that is known only when they are written.
  public let zero: UInt64?
  /// Pages of the page cache without private data.
  public let cache: UInt64
  /// Pages of the page cache with private data.
  public let privateCache: UInt64
  /// Memory of processes.
  public let user: UInt64
  /// Pages that nobody used.
  public let free: UInt64
  /// Bad memory.
  public let poisoned: UInt64
  /// Memory that was given back to a hypervisor.
  public let offline: UInt64
  /// Pages that are kept because nothing could be read of what they are used for.
  public let unreadable: UInt64
  /// What must be known.
  public let warnings: [Message]
  /// Whether nothing is left out though it was asked for.
  public let isUnfiltered: Bool

  /// Frames of all kinds, zeros included where they are known.
  public var excluded: UInt64 {
    (zero ?? 0) + cache + privateCache + user + free + poisoned + offline
  }

  /// Frames that are left.
  public var remaining: UInt64 { frames - min(frames, excluded) }

  init(
    _ selection: PageSelection, pageSize: UInt64, zero: UInt64?,
    unfilteredBecause why: Bytes.Message?
  ) {
    level = DumpLevel(rawValue: selection.level.rawValue)
    self.pageSize = pageSize
    frames = selection.frameCount
    self.zero = zero
    cache = selection.counts[.cache]
    privateCache = selection.counts[.privateCache]
    user = selection.counts[.user]
    free = selection.counts[.free]
    poisoned = selection.counts[.poisoned]
    offline = selection.counts[.offline]
    unreadable = selection.unreadable
    warnings =
      (why.map { [Message("\($0): nothing is left out")] } ?? [])
      + selection.warnings.map { Message($0.message) }
    isUnfiltered = why != nil
  }
}
