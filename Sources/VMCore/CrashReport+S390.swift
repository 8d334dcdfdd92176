internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import Handover

extension CrashReport {
  /// What an s390x kernel left at its fixed places.
  public struct S390: Sendable {
    /// `sound`, or what is wrong with the os_info page.
    public var osInfo: String
    /// Physical address of the os_info page, where it is sound.
    public var osInfoAddress: UInt64?
    /// The memory that was reserved for the second kernel.
    public var crashRegion: Range<UInt64>?
    /// Whether the second kernel has exchanged its memory with the crashed kernel's.
    public var isSwapped: Bool
    /// The offset that stands in the lowcore instead of a pointer to vmcoreinfo.
    public var earlyKASLROffset: UInt64?
    /// One line for each place of a re-IPL block, in the order in which they are believed.
    public var reIPLSources: [Locator]
    /// The block that was found.
    public var reIPL: ReIPL?
  }

  /// What the machine would have been started from again.
  public struct ReIPL: Sendable {
    /// The source that it comes from.
    public var source: String
    /// Whether it is the block of the last IPL, which need not be that of the next.
    public var isLastIPL: Bool
    /// Whether memory is cleared; nil where that was not handed over.
    public var clears: Bool?
    /// Exactly the block's bytes.
    public var bytes: [UInt8]
    /// Every field with its name in the kernel's structures.
    public var fields: [(name: String, value: String)]
    /// The same as `/sys/firmware/reipl` shows it.
    public var attributes: [(name: String, value: String)]
  }
}

extension CrashReport.S390 {
  init(_ handover: S390Handover) {
    osInfo = handover.osInfo.fault ?? "sound"
    if case .found(_, let address) = handover.osInfo { osInfoAddress = address }
    crashRegion = handover.layout?.crashRegion
    isSwapped = handover.layout?.isSwapped ?? false
    earlyKASLROffset = handover.information.kaslrOffset
    reIPLSources = handover.reIPL.reports.map(CrashReport.Locator.init)
    reIPL = CrashReport.ReIPL(handover.reIPL)
  }
}

extension CrashReport.ReIPL {
  init?(_ search: ReIPLSearch) {
    guard let (source, block) = search.winner else { return nil }
    self.source = source.rawValue
    isLastIPL = source.isLastIPL
    clears = search.clears
    bytes = block.bytes
    fields = block.fields
    attributes = block.attributes
  }
}

extension CrashReport.Locator {
  init(_ report: ReIPLReport) {
    name = report.source.rawValue
    switch report.answer {
    case .absent(let why):
      answer = "absent"
      detail = why
    case .corrupt(let why):
      answer = "corrupt"
      detail = why
    case .found(let block, let place):
      answer = "found"
      detail = "\(block.typeName), \(block.bytes.count) bytes (\(place))"
    }
  }
}
