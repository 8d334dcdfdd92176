internal import Bytes
internal import CoreWriting
internal import CrashedKernel
internal import MemoryImages

/// What the pages of a crashed machine were used for, and how much of a dump each level would leave.
public struct PageReport: Equatable, Sendable {
  /// Bytes of a page.
  public let pageSize: UInt64
  /// Pages of the loads.
  public let frames: UInt64
  /// How the kernel kept its struct pages, as it calls that itself.
  public let memoryModel: String
  /// Pages by what they were used for; each is in one class.
  public let classes: [Class]
  /// Pages whose use could not be read: they are among the kernel's own.
  public let unreadable: UInt64
  /// Each level from 0 to 31 that is not refused, with the pages that a dump of it would hold.
  public let levels: [Level]
  /// Why some levels cannot be decided.
  public let refusals: [String]
  /// What must be known.
  public let warnings: [Message]
  /// Whether the kernel's struct pages can be believed.
  public let isSound: Bool

  /// Pages of one use.
  public struct Class: Equatable, Sendable {
    /// `free`, `cache`, `private`, `user`, `hwpoison`, `offline`, `missing` or `kernel`.
    public let name: String
    /// All of them.
    public let pages: UInt64
    /// Those of them that are zero.
    public let zero: UInt64
  }

  /// What a dump of a level would hold.
  public struct Level: Equatable, Sendable {
    /// The level.
    public let level: DumpLevel
    /// Pages with a content of their own.
    public let pages: UInt64
  }

  init(_ survey: PageSurvey, pageSize: UInt64) {
    self.pageSize = pageSize
    frames = survey.frameCount
    memoryModel = survey.modelName
    classes = PageReport.order.map { kind, name in
      Class(name: name, pages: survey.counts[kind], zero: survey.zeros[kind])
    }
    unreadable = survey.unreadable
    levels = (0...DumpLevel.all.rawValue).compactMap { number in
      let level = DumpLevel(rawValue: number)
      return survey.frames(at: level.known).map { Level(level: level, pages: $0) }
    }
    refusals =
      survey.refusals.map { "level \($0.level) cannot be decided: \($0.why)" }
      + [survey.listFault, survey.contradiction].compactMap { $0?.description }
    warnings = survey.warnings.map { Message($0.message) }
    isSound = survey.contradiction == nil
  }

  private static let order: [(PageKind, String)] = [
    (.free, "free"), (.cache, "cache"), (.privateCache, "private"), (.user, "user"),
    (.poisoned, "hwpoison"), (.offline, "offline"), (.leftOut, "missing"), (.kept, "kernel"),
  ]
}

extension CrashDump {
  /// Looks at every page, and at what the kernel says of it.
  public func pageReport(
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(VMCoreError) -> PageReport {
    let frames = try selectedFrames()
    do throws(SelectionError) {
      return PageReport(
        try PageSurvey(of: frames, in: system, workers: workers, isCancelled: isCancelled),
        pageSize: frames.pageSize)
    } catch {
      throw VMCoreError(error, image: image.name)
    }
  }
}
