internal import Bytes
internal import CoreWriting
internal import CrashedKernel
internal import DumpRecords
internal import Handover
internal import MemoryImages

/// The vmcore that the second kernel would have offered for a memory image. It is stored nowhere:
/// headers are planned, data is read from the image when it is asked for.
///
/// ```swift
/// let dump = try CrashDump(imageAt: "image.bin")
/// print(dump.report.system.architecture?.rawValue ?? "unknown", dump.size)
/// try dump.write(toFileAt: "vmcore")
/// ```
public final class CrashDump: Sendable {
  let system: CrashedSystem
  let image: MemoryImage
  let plan: CorePlan
  let file: ELFCoreFile
  let workers: Int
  /// Damaged pages of which the report tells.
  private let reportedDamage: UInt64
  /// Pages that cannot be read, of which it tells.
  private let reportedUnreadable: UInt64

  /// Everything that was found, and what the vmcore will be.
  public let report: CrashReport

  /// Opens an image, finds the crashed kernel's core header and plans the vmcore.
  ///
  /// - Parameters:
  ///   - path: a file, a block device, a pipe, or `-` for standard input; not looked at where
  ///     `options` has segments.
  ///   - isCancelled: asked now and then from any thread; true ends the search.
  /// - Throws: ``VMCoreError`` with a kind for each sort of failure.
  public init(
    imageAt path: String, options: CrashDumpOptions = CrashDumpOptions(),
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(VMCoreError) {
    let planOptions = try options.planOptions()
    var (image, searchOptions) = try options.open(path, isCancelled: isCancelled)
    image.files += options.fallback.files
    do throws(SearchError) {
      system = try SystemFinder.find(in: image, searchOptions)
    } catch {
      throw VMCoreError(error, image: image.name).mentioning(image.warnings)
    }
    reportedDamage = image.damage?.count ?? 0
    do throws(PlanError) {
      plan = try CorePlan(for: system, planOptions)
    } catch {
      throw VMCoreError(.unusable, saying: "\(image.name): \(error.message)")
    }
    if options.isStrict {
      for part in image.unreadable { part.refuse() }
      try CrashDump.refuse(plan.warnings + image.unreadableFindings, image.name)
      try CrashDump.refuseDamage(of: image, workers: options.workerCount, isCancelled)
    }
    self.image = image
    workers = options.workerCount
    file = ELFCoreFile(plan, memory: system.oldMemory)
    reportedUnreadable = image.unreadableCount
    report = CrashReport(image, system, plan, readsLog: options.isThorough)
  }

  private static func refuse(_ warnings: [Finding], _ name: String) throws(VMCoreError) {
    let damage = warnings.filter(\.isDamage).map(\.message)
    guard let first = damage.first else { return }
    throw VMCoreError(
      .unusable, saying: "\(name): \(first), expected no damage as \(.isStrict) wants it",
      hints: damage.dropFirst().map { "further damage: \($0)" })
  }

  /// Reads a dump's packed pages before any of it is written.
  private static func refuseDamage(
    of image: MemoryImage, workers: Int, _ isCancelled: @escaping @Sendable () -> Bool
  ) throws(VMCoreError) {
    do throws(ReadError) {
      try image.checkPages(workers: workers, isCancelled: isCancelled)
    } catch {
      throw VMCoreError(.readFailed, error.description)
    }
    guard !isCancelled() else {
      throw VMCoreError(.cancelled, "\(image.name): interrupted while its pages were checked")
    }
    try refuse([image.damage?.finding].compactMap(\.self), image.name)
  }

  /// What reads have shown since the report was made: pages that are damaged or cannot be read.
  /// Where there is something, the vmcore is partial.
  public var lateWarnings: [Message] {
    var findings: [Finding] = []
    if let damage = image.damage, damage.count > reportedDamage {
      findings += [damage.finding].compactMap(\.self)
    }
    if image.unreadableCount > reportedUnreadable { findings += image.unreadableFindings }
    return findings.map { Message($0.message) }
  }

  /// Size of the vmcore in bytes.
  public var size: UInt64 { file.size }

  /// Up to `count` bytes of the vmcore from `offset` on; fewer at its end. So much memory is taken.
  public func bytes(at offset: UInt64, count: Int) throws(VMCoreError) -> [UInt8] {
    do throws(ReadError) {
      return try file.bytes(at: offset, count: count)
    } catch {
      throw VMCoreError(.readFailed, error.description)
    }
  }

  /// Fills a buffer with bytes of the vmcore from `offset` on.
  ///
  /// - Returns: the number of bytes, less than the buffer has room for at the vmcore's end only.
  public func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(VMCoreError) -> Int {
    do throws(ReadError) {
      return try unsafe file.read(at: offset, into: buffer)
    } catch {
      throw VMCoreError(.readFailed, error.description)
    }
  }

  /// Physical memory of the crashed system, where the image holds all of it; else nil.
  public func memory(at address: UInt64, count: Int) throws(VMCoreError) -> [UInt8]? {
    do throws(ReadError) {
      return try system.memory.bytes(at: address, count: count)
    } catch {
      throw VMCoreError(.readFailed, error.description)
    }
  }

  /// Writes the whole vmcore to anything that takes bytes in order.
  public func write(to sink: inout some CoreSink) throws(VMCoreError) {
    try write(0..<size, to: &sink)
  }

  /// The bytes of a part that can be taken out alone, all at once.
  public func extract(_ part: ExtractedPart) throws(VMCoreError) -> [UInt8] {
    switch part {
    case .vmcoreinfo:
      guard let text = system.vmCoreInfo?.text else {
        throw VMCoreError(.unusable, "\(image.name): the core header has no VMCOREINFO note")
      }
      return text
    case .reipl: return try reIPL().bytes
    case .elfcorehdr: return system.header.encoded
    case .notes:
      let notes = noteRange
      return try bytes(at: notes.lowerBound, count: Int(min(notes.length, 1 << 30)))
    }
  }

  /// Writes a part that can be taken out alone; notes of any size take no more memory than few.
  public func extract(
    _ part: ExtractedPart, to sink: inout some CoreSink
  ) throws(VMCoreError) {
    guard part == .notes else {
      try sink.write(try extract(part))
      return
    }
    try write(noteRange, to: &sink)
  }

  /// The merged notes in the vmcore.
  private var noteRange: Range<UInt64> {
    let note = plan.header.segments[0]
    return note.offset..<min(size, note.offset.adding(note.memorySize) ?? size)
  }

  private func write(
    _ range: Range<UInt64>, to sink: inout some CoreSink
  ) throws(VMCoreError) {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = Int(min(UInt64(Chunk.usualSize), range.upperBound - offset))
      let bytes = try bytes(at: offset, count: count)
      try sink.write(bytes)
      offset += UInt64(bytes.count)
    }
  }
}

extension CrashDump {
  /// What an s390x machine would have been started from again.
  ///
  /// - Throws: ``VMCoreError`` of kind `unusable` on other machines, where nothing like it exists,
  ///   and where no source has a sound block.
  public func reIPL() throws(VMCoreError) -> CrashReport.ReIPL {
    guard let s390 = report.s390 else {
      let machine = report.system.architecture?.rawValue ?? "this machine"
      throw VMCoreError(
        .unusable,
        "\(report.image.name): \(machine) has no re-IPL block: only s390x machines are told what "
          + "to start from by one")
    }
    guard let block = s390.reIPL else {
      throw VMCoreError(
        .unusable, saying: "\(report.image.name): no re-IPL block was found",
        hints: s390.reIPLSources.map { "searched: \($0)" })
    }
    return block
  }
}

/// What ``CrashDump/extract(_:)`` takes out.
public enum ExtractedPart: String, Sendable, CaseIterable {
  /// The text of the VMCOREINFO note.
  case vmcoreinfo
  /// The merged notes, as they stand in the vmcore.
  case notes
  /// The core header with its table, as it stands in the image.
  case elfcorehdr
  /// The re-IPL block of an s390x machine.
  case reipl
}

/// Takes the bytes of a vmcore in order.
///
/// ```swift
/// struct Counter: CoreSink {
///   var count = 0
///   mutating func write(_ bytes: [UInt8]) { count += bytes.count }
/// }
/// ```
public protocol CoreSink {
  /// Takes the next bytes; throwing ends the run with that error.
  mutating func write(_ bytes: [UInt8]) throws(VMCoreError)
}
