internal import Bytes
internal import DumpRecords
internal import MemoryImages

/// Bytes that stand at an address instead of what the memory has there.
struct SavedArea {
  let address: UInt64
  let bytes: [UInt8]
}

/// The CPUs that the notes of an s390x vmcore have the registers of, and where in memory readers of
/// a stand-alone dump look for them.
struct S390SavedProcessors {
  /// The lowcores, in the order of the notes.
  private(set) var lowcores: [UInt32] = []
  /// What is not saved there yet: ascending, disjoint.
  private(set) var areas: [SavedArea] = []

  /// Notes that are looked through: real lists are some KiB for each CPU.
  private static let mostNotes: UInt64 = 16 << 20

  /// The CPUs of the merged notes.
  init(
    of plan: CorePlan, in vmcore: ELFCoreFile, _ memory: PhysicalMemory
  ) throws(PlanError) {
    guard let (_, note) = plan.header.segments(of: .note).first(where: { _ in true }) else {
      return
    }
    let tooMany: Int?
    do throws(ReadError) {
      let bytes = try vmcore.bytes(
        at: note.offset, count: Int(min(note.fileSize, S390SavedProcessors.mostNotes)))
      var list = S390RegisterNotes.all(in: bytes)
      list.removeAll { $0.lowcore == 0 }
      tooMany = list.count > S390DumpHeader.mostLowcores ? list.count : nil
      for registers in list.prefix(S390DumpHeader.mostLowcores) {
        try add(registers, in: memory)
      }
    } catch {
      throw PlanError("\(error.description)")
    }
    if let tooMany {
      throw PlanError(
        "the notes have the registers of \(tooMany) CPUs, expected at most "
          + "\(S390DumpHeader.mostLowcores) for the format s390")
    }
    areas.sort { $0.address < $1.address }
  }

  /// A CPU whose lowcore is in the file; of two with the same one, the first.
  private mutating func add(
    _ registers: S390RegisterNotes, in memory: PhysicalMemory
  ) throws(ReadError) {
    let lowcore = UInt64(registers.lowcore)
    guard !lowcores.contains(registers.lowcore),
      let page = try memory.bytes(at: lowcore, count: Lowcore.size)
    else { return }
    lowcores.append(registers.lowcore)
    let place = Lowcore.saveArea..<Lowcore.saveArea + SaveArea.size
    put(
      registers.saveArea(over: Array(page[place])), over: page[place],
      at: lowcore + UInt64(Lowcore.saveArea))
    guard let pointer = try? ByteReader(page, order: .big).peek(Lowcore.extendedSaveArea) else {
      return
    }
    let address = pointer & ~0x3ff
    guard address != 0,
      let old = try memory.bytes(at: address, count: S390RegisterNotes.vectorSize)
    else { return }
    put(registers.vectors(over: old), over: old[...], at: address)
  }

  private mutating func put(_ bytes: [UInt8], over old: ArraySlice<UInt8>, at address: UInt64) {
    let range = address..<address + UInt64(bytes.count)
    guard !bytes.elementsEqual(old),
      !areas.contains(where: { range.overlaps($0.address..<$0.address + UInt64($0.bytes.count)) })
    else { return }
    areas.append(SavedArea(address: address, bytes: bytes))
  }
}
