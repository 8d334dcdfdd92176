internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// Makes the system of an s390x image, whose header the second kernel builds itself.
struct S390System {
  private let image: MemoryImage
  private let options: SearchOptions
  private let detection: S390Detection
  /// What the crashed kernel left; nil where the image is none of s390x with a crash region.
  let handover: S390Handover?

  init(_ image: MemoryImage, _ options: SearchOptions) throws(SearchError) {
    self.image = image
    self.options = options
    do throws(ReadError) {
      detection = try S390Detection(in: image.memory, options.moment)
      if case .found(let layout) = detection {
        handover = try S390Handover(of: layout, in: image)
      } else {
        handover = nil
      }
    } catch {
      throw .read(error)
    }
  }

  /// The image with its memory as the crashed kernel addressed it.
  var crashedImage: MemoryImage {
    guard let layout = handover?.layout, layout.isSwapped else { return image }
    return image.with(layout.memory)
  }

  /// The system with a built header; nil where the image is none of s390x, or a header in memory
  /// is to be used.
  func built() throws(SearchError) -> CrashedSystem? {
    if options.headerSource == .image || options.coreHeader != nil { return nil }
    switch options.selection {
    case .production: return try crashed()
    case .kdump: return try second()
    case .all: return try everything()
    }
  }

  private func crashed() throws(SearchError) -> CrashedSystem? {
    guard let handover, let layout = handover.layout else { return nil }
    var warnings = layout.warnings
    if options.headerSource == .automatic, let named = try namedHeader(handover, layout) {
      do throws(SearchError) {
        return try CrashedSystem(searching: crashedImage, named, handover)
      } catch {
        guard error.isAbsence else { throw error }
        warnings.append(
          Finding(
            "the second kernel's command line names elfcorehdr=\(named.coreHeader?.text ?? ""), "
              + "where no usable core header is: one is built"))
      }
    }
    return try system(
      handover, loads: S390System.loads(of: layout),
      moment: S390System.moment(of: handover, layout), evidence: layout.evidence,
      warnings: warnings + (try endWarnings(handover)))
  }

  /// All memory but the crash region; what lies below that region exists even if the image ends
  /// before it.
  private static func loads(of layout: S390Layout) -> [Range<UInt64>] {
    let ranges = S390Header.ranges(of: layout.image, without: layout.crashRegion)
    let end = layout.image.end.roundedDown(to: 4096)
    guard end < layout.crashRegion.lowerBound else { return ranges }
    return ranges + [end..<layout.crashRegion.lowerBound]
  }

  /// The kernel's `high_memory` tells where memory ends, or where it could end if standby memory
  /// were added: a hint that the image is cut, and no more.
  private func endWarnings(_ kernel: S390Handover) throws(SearchError) -> [Finding] {
    let end: UInt64?
    do throws(ReadError) {
      end = try kernel.value(of: "high_memory").flatMap(kernel.rule.physical)
    } catch {
      throw .read(error)
    }
    let known = image.memory.end
    guard let end, end > known, end <= PhysicalAddress.end else { return [] }
    return [
      Finding(
        "the kernel's high_memory is \(end.hex), the image ends at \(known.hex): it is cut, or the "
          + "machine has standby memory", isDamage: false)
    ]
  }

  /// Up to Linux 4.3 the second kernel took a header that its command line names: the options
  /// that find it.
  private func namedHeader(
    _ handover: S390Handover, _ layout: S390Layout
  ) throws(SearchError) -> SearchOptions? {
    guard let text = handover.information.information?.release,
      let release = KernelRelease(text), release < KernelRelease(4, 4)
    else { return nil }
    var named = options
    do throws(ReadError) {
      named.coreHeader = try S390System.commandLine(of: layout)
        .flatMap(ELFCoreHeaderParameter.init(commandLine:))
    } catch {
      throw .read(error)
    }
    return named.coreHeader == nil ? nil : named
  }

  private static func commandLine(of layout: S390Layout) throws(ReadError) -> String? {
    let base = layout.isSwapped ? 0 : layout.crashRegion.lowerBound
    guard let address = base.adding(S390ParameterArea.commandLineAddress),
      let bytes = try layout.image.bytes(at: address, count: S390ParameterArea.commandLineSize)
    else { return nil }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The second kernel's own memory, once it runs.
  private func second() throws(SearchError) -> CrashedSystem? {
    guard let layout = handover?.layout else { return nil }
    guard layout.isSwapped else {
      throw .corrupt("--select=kdump: the second kernel has not started: \(layout.evidence)")
    }
    return try atZero(layout, loads: [0..<layout.crashRegion.length])
  }

  /// Everything as it lies, with the notes of the kernel at absolute 0.
  private func everything() throws(SearchError) -> CrashedSystem? {
    if case .none = detection { return nil }
    return try atZero(
      handover?.layout, loads: S390Header.ranges(of: image.memory, without: nil))
  }

  private func atZero(
    _ layout: S390Layout?, loads: [Range<UInt64>]
  ) throws(SearchError) -> CrashedSystem? {
    let kernel: S390Handover?
    do throws(ReadError) {
      kernel = try S390Handover(atZeroOf: image, layout: layout)
    } catch {
      throw .read(error)
    }
    guard let kernel else { return nil }
    let evidence = layout?.evidence ?? "the kernel at absolute 0"
    let moment =
      if let handover, let layout {
        S390System.moment(of: handover, layout)
      } else {
        Moment(phase: .running, evidence: evidence)
      }
    return try system(kernel, loads: loads, moment: moment, evidence: evidence, warnings: [])
  }

  private func system(
    _ kernel: S390Handover, loads: [Range<UInt64>], moment: Moment, evidence: String,
    warnings: [Finding]
  ) throws(SearchError) -> CrashedSystem {
    let information = kernel.information.information
    let notes = S390Notes(kernel.processors.saved, information: information).bytes
    guard
      let header = S390Header.build(
        loads: loads, osInfo: kernel.osInfo.page, noteSize: notes.count)
    else {
      throw .corrupt("\(loads.count) ranges of memory, expected at most 65534 for a core header")
    }
    return CrashedSystem(
      kernel, header: header, notes: notes, image: image, moment: moment, evidence: evidence,
      warnings: warnings)
  }

  private static func moment(of handover: S390Handover, _ layout: S390Layout) -> Moment {
    if layout.isSwapped { return Moment(phase: .after, evidence: layout.evidence) }
    if !handover.processors.saved.isEmpty {
      return Moment(phase: .before, evidence: "\(layout.evidence); CPUs have saved registers")
    }
    if let time = handover.information.information?.crashTime {
      return Moment(phase: .before, evidence: "\(layout.evidence); CRASHTIME=\(time)")
    }
    return Moment(phase: .running, evidence: "\(layout.evidence); no CPU has saved registers")
  }
}
