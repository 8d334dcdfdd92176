internal import Bytes
internal import CoreWriting
internal import CrashedKernel
internal import DumpRecords
internal import Handover
internal import MemoryImages

/// What is said about an image and about the vmcore to be made of it. Everything has a default
/// that evidence in the image replaces.
///
/// ```swift
/// var options = CrashDumpOptions()
/// options.base = 0x4000_0000
/// ```
public struct CrashDumpOptions: Sendable {
  /// Files at addresses of their own; the image is then made of them alone.
  public var segments: [Segment] = []
  /// Physical address of the file's first byte.
  public var base: UInt64?
  /// Ranges of physical addresses that the file leaves out.
  public var holes: [Range<UInt64>] = []
  /// QEMU machine whose PCI hole the file leaves out.
  public var machine: Machine?
  /// What the file is, whatever it looks like; nil goes by its content. Raw memory is taken as it
  /// is, of other formats what is packed around them is taken off.
  public var inputFormat: InputFormat?
  /// The other files of a split kdump-compressed dump, in any order.
  public var parts: [String] = []
  /// Whether those are taken though they tell of different crashes.
  public var mixesParts = false
  /// Whether the memory of a file that is a dump already is searched for a core header instead of
  /// keeping the header that the file brings along.
  public var isRebuilding = false
  /// The memory of the running machine, which kdump has started, instead of any file.
  public var oldMemory: OldMemory?
  /// Place of the core header, in the kernel's syntax `[SIZE[KMG]@]ADDR[KMG]`.
  public var elfcorehdr: String?
  /// Whether the purgatory has run.
  public var state = State.automatic
  /// Layout of `/proc/vmcore` that is made; nil takes that of the crashed kernel's release.
  public var compatibility: Compatibility?
  /// Page size of the second kernel in bytes; nil takes that of the crashed one.
  public var pageSize: UInt64?
  /// Whether a core header is looked for or built.
  public var header = HeaderSource.automatic
  /// Whose memory the vmcore shows.
  public var selection = Selection.production
  /// Whether damage that was found is an error instead of a warning.
  public var isStrict = false
  /// Whether the vmcore carries the re-IPL block of an s390x machine in a note of its own.
  public var embedsReIPL = false
  /// Whether the kernel's behaviour is kept where it loses something.
  public var isExact = false
  /// Whether the whole image is searched though ``elfcorehdr`` names the header, and the kernel's
  /// log is read for ``CrashReport/log``.
  public var isThorough = false
  /// Whether a core header is refused where the purgatory would have refused it.
  public var verifiesDigest = false
  /// What is done without a usable core header.
  public var fallback = FallbackOptions()
  /// Number of threads; nil takes one for each processor that the process may use.
  public var workers: Int?

  /// Nothing said.
  public init() {}

  /// Reads a number as the kernel's `memparse` does (`0x40000000`, `512M`); nil for anything else.
  public static func number(_ text: String) -> UInt64? {
    MemoryNumber(text[...]).flatMap { $0.rest.isEmpty ? $0.value : nil }
  }

  var workerCount: Int { max(1, workers ?? availableProcessors()) }

  func imageOptions(isCancelled: @escaping @Sendable () -> Bool) -> ImageOptions {
    var options = ImageOptions(machines: CrashedKernel.Architecture.identities)
    options.isCancelled = isCancelled
    options.segments = segments.map(SegmentSpecification.init)
    options.base = base
    options.holes = holes
    options.format = inputFormat?.known
    options.parts = parts
    options.mixesParts = mixesParts
    options.machine = machine.map(MachinePreset.init)
    return options
  }

  func searchOptions(isCancelled: @escaping @Sendable () -> Bool) throws(VMCoreError)
    -> SearchOptions
  {
    var options = SearchOptions()
    if let elfcorehdr {
      guard let parameter = ELFCoreHeaderParameter(elfcorehdr[...]) else {
        throw VMCoreError(
          .usage, "elfcorehdr '\(elfcorehdr)', expected [SIZE[KMG]@]ADDR[KMG]")
      }
      options.coreHeader = parameter
    }
    options.moment = MomentOption(state)
    options.headerSource = .init(header)
    options.selection = .init(selection)
    options.isRebuilding = isRebuilding
    options.workers = workerCount
    options.isCancelled = isCancelled
    options.isThorough = isThorough
    options.verifiesDigest = verifiesDigest
    try fallback.apply(to: &options)
    return options
  }

  func planOptions() throws(VMCoreError) -> PlanOptions {
    var options = PlanOptions()
    options.isExact = isExact
    options.embedsReIPL = embedsReIPL
    if let pageSize {
      guard VMCoreInfo.isPageSize(pageSize) else {
        throw VMCoreError(
          .usage, "page size \(pageSize), expected a power of two from 4096 to 262144")
      }
      options.pageSize = pageSize
    }
    options.compatibility = compatibility.map(CoreWriting.Compatibility.init)
    return options
  }
}
