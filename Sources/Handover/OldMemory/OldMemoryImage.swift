internal import Bytes
package import DumpRecords
package import MemoryImages

/// The crashed machine's memory as its second kernel sees it, where that offers no `/proc/vmcore`.
///
/// Nothing is searched: an address that is no memory may be a device, for which a read can be an
/// order. What the second kernel was told names the core header, and of memory only what that
/// header's PT_NOTEs and PT_LOADs name can be read at all.
package struct OldMemoryImage: Sendable {
  /// Its memory: the header, its notes and its loads.
  package let image: MemoryImage
  /// The header that was taken.
  package let header: SecondKernel.NamedHeader

  /// Opens the memory of the running machine.
  ///
  /// - Parameters:
  ///   - parameter: the header that the user names; nil asks the second kernel.
  ///   - isMapped: whether the device is mapped; nil: unless a file stands in for it.
  package init(
    of kernel: SecondKernel, named parameter: ELFCoreHeaderParameter?, isMapped: Bool? = nil,
    isCancelled: @escaping @Sendable () -> Bool
  ) throws(ImageError) {
    let headers =
      parameter.map { [SecondKernel.NamedHeader($0, by: "option")] } ?? kernel.headers
    guard !headers.isEmpty else {
      throw ImageError(
        .usage,
        "\(.oldMemory): this is no second kernel: neither /proc/device-tree/chosen nor /proc/cmdline "
          + "names a core header, expected one there or as \(.elfcorehdr)")
    }
    let file: DeviceFile
    do throws(OpenError) {
      file = try DeviceFile(path: kernel.memoryPath, isMapped: isMapped)
    } catch {
      throw ImageError(.cannotOpen, "\(error)")
    }
    let device = DeviceMemory(file, advice: kernel.refusalAdvice)
    var choice = HeaderChoice(device)
    for header in headers {
      do throws(ReadError) { try choice.consider(header) } catch {
        throw ImageError(reading: error)
      }
      if choice.isFinal { break }
    }
    guard let best = choice.best else {
      throw ImageError(
        .unusable,
        "\(file.name): no core header is where the second kernel was told: "
          + "\(choice.refusals.joined(separator: "; "))")
    }
    header = best.header
    image = MemoryImage(
      ofDevice: file.name, memory: best.memory, file: file.identity, damage: device.refused,
      notice:
        "\(file.name): the memory that the core header at \(best.header.parameter.address.hex) "
        + "names is read as the machine runs (\(best.header.by))",
      isCancelled: isCancelled)
  }
}

/// Which of several headers is taken: the first that keeps every rule, else the first that the
/// kernel would take.
private struct HeaderChoice {
  private let device: DeviceMemory
  /// The header to take, and the memory that it names.
  private(set) var best: (header: SecondKernel.NamedHeader, memory: PhysicalMemory)?
  /// Why others are not taken.
  private(set) var refusals: [String] = []
  /// Whether no other is looked at.
  private(set) var isFinal = false

  init(_ device: DeviceMemory) {
    self.device = device
  }

  mutating func consider(_ named: SecondKernel.NamedHeader) throws(ReadError) {
    let address = named.parameter.address
    let around = try memory(around: address)
    let reading = try CoreHeaderReading(at: address, in: around)
    guard case .header(let header) = reading else {
      refusals.append("\(named.by): \(reading.refusal ?? "")")
      return
    }
    let named = (header: named, memory: memory(of: header, beside: around))
    let examination = try CandidateExamination(
      header, at: address, in: named.memory, holding: named.memory.present,
      everything: true)
    if let refusal = examination.refusal {
      refusals.append("\(named.header.by): \(address.hex): \(refusal.text)")
      return
    }
    isFinal = examination.rejections.isEmpty
    if isFinal || best == nil { best = named }
  }

  /// The pages that hold the header with its table.
  private func memory(around address: UInt64) throws(ReadError) -> PhysicalMemory {
    guard address < PhysicalAddress.end else { return memory([]) }
    let head = try device.bytes(at: address, count: ELFClass.bits64.headerSize)
    let size = (try? ELFHeader(head)).map(\.sizeWithTable) ?? head.count
    return memory([address..<address + UInt64(size)])
  }

  /// The memory that a header names, with its own.
  private func memory(of header: CoreHeader, beside around: PhysicalMemory) -> PhysicalMemory {
    let check = LoadCheck(header)
    let loads = header.segments(of: .load).filter { check.unsound[$0.index] == nil }
      .compactMap(\.segment.sourceRange)
    let notes = header.segments(of: .note).compactMap(\.segment.sourceRange).filter {
      $0.length <= NoteSection.largest && $0.upperBound <= PhysicalAddress.end
    }
    return memory(around.regions.map(\.range) + loads + notes)
  }

  /// The whole pages that hold some ranges, for `/proc/vmcore` shows whole pages.
  private func memory(_ ranges: [Range<UInt64>]) -> PhysicalMemory {
    let pages = ranges.filter { !$0.isEmpty }.map { range in
      let start = range.lowerBound.roundedDown(to: DeviceFile.pageSize)
      return start..<(range.upperBound.roundedUp(to: DeviceFile.pageSize) ?? range.upperBound)
    }
    let regions = RangeSet(pages).ranges.map {
      MemoryRegion(range: $0, source: device, offset: $0.lowerBound)
    }
    return PhysicalMemory(disjoint: regions)
  }
}

extension CoreHeaderReading {
  /// Why there is no header; nil where there is one.
  fileprivate var refusal: String? {
    switch self {
    case .refused(let reason), .cutOff(let reason): reason
    case .header: nil
    }
  }
}
