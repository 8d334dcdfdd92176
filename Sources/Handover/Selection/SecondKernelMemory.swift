internal import Bytes
internal import CrashedKernel
package import DumpRecords
internal import MemoryImages

/// The memory in which the second kernel runs.
struct SecondKernelMemory {
  /// The crashed kernel's system.
  private let system: CrashedSystem
  private let scene: Scene
  private var options: SearchOptions { scene.options }
  private var memory: PhysicalMemory { system.imageMemory }

  init(beside system: CrashedSystem, in scene: Scene) {
    self.system = system
    self.scene = scene
  }

  /// The system with that memory alone, and the second kernel's own vmcoreinfo.
  func answer() throws(ReadError) -> SystemFinder.Answer {
    let moment = system.moment
    guard let address = system.headerAddress, moment.phase == .after || moment.phase == .crashed
    else {
      return .corrupt(
        .corrupt("\(.selection)=kdump: the second kernel has not started: \(moment.evidence)"))
    }
    let found = try SecondKernelRanges(beside: system, headerAt: address, in: scene)
    for range in found.ranges.prefix(SecondKernelMemory.mostSearched) {
      if let note = try note(in: range, of: found) { return .found(try shown(note, found)) }
    }
    return .corrupt(
      .corrupt(
        "\(.selection)=kdump: no vmcoreinfo of a running second kernel in its memory "
          + "\(SecondKernelMemory.list(found.ranges)): \(found.origin)"))
  }

  /// Ranges that are searched for the kernel's own vmcoreinfo: it was given a few, and of the gaps
  /// between the loads of another kernel the one around the header comes first.
  private static let mostSearched = 64

  private static func list(_ ranges: [Range<UInt64>]) -> String {
    ranges.prefix(16).map(\.hex).joined(separator: ", ")
      + (ranges.count > 16 ? " and \(ranges.count - 16) more" : "")
  }

  private func shown(
    _ note: Note, _ found: SecondKernelRanges
  ) throws(ReadError) -> CrashedSystem {
    var shown = system
    let size = note.descriptionAddress - note.address + note.descriptionSize
    let segment = ProgramHeader(
      type: .note, offset: note.address, physicalAddress: note.address, fileSize: size,
      memorySize: size.roundedUp(to: 4) ?? size)
    shown.sections = [
      try NoteSection(of: segment, at: 0, order: system.header.order, in: memory)
    ]
    let information = VMCoreInfo(
      try memory.paddedBytes(at: note.descriptionAddress, count: Int(note.descriptionSize)).bytes)
    let image = system.architecture.flatMap { architecture in
      found.ranges.lazy.compactMap { KernelImage(of: architecture, information, in: $0) }.first
    }
    shown.header.segments =
      [segment]
      + (image.map { [ProgramHeader(shown: $0.physical, virtual: $0.virtual)] } ?? [])
      + found.ranges.sorted { $0.lowerBound < $1.lowerBound }.prefix(Int(UInt16.max) - 3)
      .map { ProgramHeader(shown: $0, virtual: 0) }
    shown.unsoundLoads = [:]
    shown.backup = nil
    shown.memory = memory
    shown.processors = []
    shown.vmCoreInfoNote = note
    shown.vmCoreInfo = information
    shown.kernel = system.architecture.flatMap {
      Kernel(information, $0, order: system.header.order, memory: memory)
    }
    shown.warnings = [
      Finding(
        "the second kernel's memory is taken to be \(SecondKernelMemory.list(found.ranges)): "
          + "\(found.origin); it was running, so it has no CPU notes", isDamage: false)
    ]
    return shown
  }

  /// Notes that are looked at for the second kernel's.
  private static let mostNotes = 256

  /// The VMCOREINFO note of the kernel that runs in a range: kernels since 4.13 have it at the
  /// start of a page; copies of the crashed kernel's note have a CRASHTIME, and others tell of a
  /// kernel that does not lie in the second kernel's memory (R9).
  private func note(
    in range: Range<UInt64>, of found: SecondKernelRanges
  ) throws(ReadError) -> Note? {
    guard let memory = memory.restricted(to: range) else { return nil }
    let scan = try MemoryScan(memory, workers: options.workers, isCancelled: options.isCancelled)
    let places = scan.hits(of: .vmCoreInfoNote).addresses
    let ordered = places.filter { $0 % 4096 == 0 } + places.filter { $0 % 4096 != 0 }
    for address in ordered.prefix(SecondKernelMemory.mostNotes)
    where address != system.vmCoreInfoNote?.address {
      guard let head = try InformationNote(at: address, in: memory),
        head.order == system.header.order, let text = try head.text(in: memory),
        VMCoreInfo.isPlausible(text), case let information = VMCoreInfo(text),
        information.crashTime == nil, try canBe(information, in: found.ranges)
      else { continue }
      return head.note
    }
    return nil
  }

  /// Whether the kernel of a text lies in the second kernel's memory, as far as anything tells.
  private func canBe(
    _ information: VMCoreInfo, in ranges: [Range<UInt64>]
  ) throws(ReadError) -> Bool {
    guard let architecture = system.architecture,
      let kernel = Kernel(information, architecture, order: system.header.order, memory: memory)
    else { return true }
    return switch try kernel.presence() {
    case .confirmed(let place): ranges.contains { $0.contains(place) }
    case .contradicted: false
    case .unknown: true
    }
  }
}

extension CoreHeader {
  /// What is smaller does not end a crash region: ppc64 firmware has a load of its own inside it.
  private static let smallestNeighbour: UInt64 = 65_536

  /// The addresses around the header's own that lie in no load.
  ///
  /// - Parameter end: where memory ends.
  package func crashRegion(around address: UInt64, end: UInt64) -> Range<UInt64> {
    var low: UInt64 = 0
    var high = end
    let unsound = LoadCheck(self).unsound
    for (index, load) in segments(of: .load) where unsound[index] == nil {
      guard let range = load.physicalRange, range.length > CoreHeader.smallestNeighbour
      else { continue }
      if range.upperBound <= address { low = max(low, range.upperBound) }
      if range.lowerBound > address { high = min(high, range.lowerBound) }
    }
    return low..<max(low, high)
  }
}
