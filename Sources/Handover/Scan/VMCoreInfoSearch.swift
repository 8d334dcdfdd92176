internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// A VMCOREINFO note that was found by looking at all memory, without a core header.
struct ScannedVMCoreInfo: Sendable {
  /// Where it lies under the layout of the view.
  let note: Note
  /// The kernel that it describes, over the memory as it lies.
  let kernel: Kernel
  /// The kernel's own name, which agrees with the note (R9).
  let system: SystemName
}

/// Finds the crashed kernel's vmcoreinfo in memory and makes sure that it is one: its text is
/// whole, and the kernel that it describes lies where it says (R9).
struct VMCoreInfoSearch {
  /// Sound notes, the best first: a note with CRASHTIME is the crashed kernel's.
  private(set) var found: [ScannedVMCoreInfo] = []
  /// Why notes were passed over, one line each.
  private(set) var rejected: [String] = []

  private let texts: InformationTexts

  /// Notes that are looked at: an image of page cache can hold many copies.
  private static let limit = 64

  /// Looks at the notes of a scan.
  init(_ evidence: Evidence, in view: ImageView) throws(ReadError) {
    texts = evidence.informations
    for scanned in evidence.scan.hits(of: .vmCoreInfoNote).addresses.prefix(VMCoreInfoSearch.limit)
    {
      guard let address = view.address(ofScanned: scanned) else { continue }
      try look(at: address, scannedAt: scanned, in: view.memory)
    }
    found.sort {
      ($0.kernel.information.crashTime ?? 0, $1.note.address)
        > ($1.kernel.information.crashTime ?? 0, $0.note.address)
    }
  }

  /// Those of the kernel whose memory the user selects, and of the architecture that he names.
  func kernels(
    of options: SearchOptions, _ evidence: Evidence, in view: ImageView
  ) -> [ScannedVMCoreInfo] {
    found.filter { scanned in
      let isSecond = evidence.mergedHeader(beside: scanned, in: view) != nil
      return isSecond == (options.selection == .kdump)
        && options.architecture.map { $0 == scanned.kernel.architecture } ?? true
    }
  }

  private mutating func look(
    at address: UInt64, scannedAt place: UInt64, in memory: PhysicalMemory
  ) throws(ReadError) {
    guard let head = try InformationNote(at: address, in: memory) else { return }
    guard let text = try head.text(in: memory) else {
      rejected.append("the VMCOREINFO note at \(address.hex) is cut off")
      return
    }
    if let fault = VMCoreInfo.fault(ofText: text) {
      rejected.append("the VMCOREINFO note at \(address.hex): \(fault)")
      return
    }
    let information = try texts.information(text, scannedAt: place, memory.budget)
    try judge(head.note, information, head.order, in: memory)
  }

  private mutating func judge(
    _ note: Note, _ information: VMCoreInfo, _ order: ByteOrder, in memory: PhysicalMemory
  ) throws(ReadError) {
    if let fault = information.fault {
      rejected.append("the VMCOREINFO note at \(note.address.hex): \(fault)")
      return
    }
    for architecture in Architecture.all {
      guard let kernel = Kernel(information, architecture, order: order, memory: memory),
        let system = try kernel.confirmedName()
      else { continue }
      found.append(ScannedVMCoreInfo(note: note, kernel: kernel, system: system))
      return
    }
    rejected.append(
      "the VMCOREINFO note at \(note.address.hex): no kernel \(information.release ?? "") is "
        + "where it says (init_uts_ns)")
  }
}

/// The texts of VMCOREINFO notes that a search has come across, each parsed once: under another
/// layout of the image they are the same.
final class InformationTexts: Sendable {
  private let lock = Lock()
  private nonisolated(unsafe) var known: [UInt64: VMCoreInfo] = [:]

  /// Memory that a byte of text takes as a key or a value, at most: a line can have three bytes.
  private static let byteCost: UInt64 = 32
  /// Bytes of the shortest line.
  private static let bytesInRecord: UInt64 = 2

  /// What a text says that was found at a place of the scan.
  func information(
    _ text: [UInt8], scannedAt place: UInt64, _ budget: Budget?
  ) throws(ReadError) -> VMCoreInfo {
    if let known = lock.withLock({ unsafe known[place] }), known.text == text { return known }
    let what = "the VMCOREINFO notes"
    let size = UInt64(text.count)
    try budget?.spend(size / InformationTexts.bytesInRecord, .parsing, on: what)
    try budget?.spend(size * InformationTexts.byteCost, .keeping, on: what)
    let information = VMCoreInfo(text)
    lock.withLock { unsafe known[place] = information }
    return information
  }
}
