internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import Handover

extension CrashReport {
  /// What an s390x kernel left at its fixed places.
  public struct S390: Equatable, Sendable {
    /// `sound`, or what is wrong with the os_info page.
    public let osInfo: String
    /// Physical address of the os_info page, where it is sound.
    public let osInfoAddress: UInt64?
    /// Physical memory that was reserved for the second kernel.
    public let crashRegion: Range<UInt64>?
    /// Whether the second kernel has exchanged its memory with the crashed kernel's.
    public let isSwapped: Bool
    /// The offset that stands in the lowcore instead of a pointer to vmcoreinfo.
    public let earlyKASLROffset: UInt64?
    /// One line for each place of a re-IPL block, in the order in which they are believed.
    public let reIPLSources: [Locator]
    /// The block that was found.
    public let reIPL: ReIPL?
  }

  /// What the machine would have been started from again.
  public struct ReIPL: Equatable, Sendable {
    /// The source that it comes from.
    public let source: String
    /// Whether it is the block of the last IPL, which need not be that of the next.
    public let isLastIPL: Bool
    /// Whether memory is cleared; nil where that was not handed over.
    public let clears: Bool?
    /// Exactly the block's bytes.
    public let bytes: [UInt8]
    /// Every field with its name in the kernel's structures.
    public let fields: [Field]
    /// The same as `/sys/firmware/reipl` shows it.
    public let attributes: [Field]
  }
}

extension CrashReport.S390 {
  init(_ handover: S390Handover) {
    osInfo = handover.osInfo.fault ?? "sound"
    if case .found(_, let address) = handover.osInfo {
      osInfoAddress = address
    } else {
      osInfoAddress = nil
    }
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
    fields = block.fields.map { CrashReport.Field(name: $0.name, value: $0.value) }
    attributes = block.attributes.map { CrashReport.Field(name: $0.name, value: $0.value) }
  }
}

extension CrashReport.Locator {
  init(_ report: ReIPLReport) {
    name = report.source.rawValue
    switch report.answer {
    case .absent(let why):
      answer = .absent
      detail = why
    case .corrupt(let why):
      answer = .corrupt
      detail = why
    case .found(let block, let place):
      answer = .found
      detail = "\(block.typeName), \(block.bytes.count) bytes (\(place))"
    }
  }
}
