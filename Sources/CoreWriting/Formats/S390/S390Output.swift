internal import Bytes
internal import DumpRecords
package import Handover
internal import MemoryImages

/// The memory of an s390x vmcore behind the header of a stand-alone dump, as `zgetdump -f s390`
/// writes it (s390-tools, `zdump/dfo_s390.c`): address = offset behind the header.
///
/// The header has no registers, only the lowcores where they are saved. Where the notes of the
/// vmcore have others (the crashing CPU's are taken from absolute 0x1200), those of the notes are
/// put there.
package enum S390Output {
  /// The file, made of what the vmcore's loads and notes show.
  package static func file(
    of plan: CorePlan, in vmcore: ELFCoreFile, _ system: CrashedSystem
  ) throws(PlanError) -> ELFCoreFile {
    let machine = plan.header.header.machine
    guard machine == ELFMachine.s390, plan.header.elfClass == .bits64 else {
      throw PlanError(
        "e_machine of its vmcore is \(UInt64(machine.rawValue)) of class "
          + "\(plan.header.elfClass == .bits64 ? "64" : "32"), expected \(UInt64(ELFMachine.s390.rawValue)) "
          + "of class 64: the format s390 is one of s390x machines")
    }
    let memory = try LoadedMemory(of: plan, in: vmcore)
    let processors = try S390SavedProcessors(of: plan, in: vmcore, memory.memory)
    guard let last = memory.ranges.last, let size = last.upperBound.roundedUp(to: pageSize),
      size <= UInt64(Int64.max) - UInt64(S390DumpHeader.size + S390DumpHeader.endSize)
    else { throw PlanError("memory ends beyond what a file has offsets for") }
    var header = S390DumpHeader(.plain, memorySize: size, clock: clock(of: system))
    header.lowcores = processors.lowcores
    header.onlineProcessors = UInt16(clamping: system.processors.count)
    var writer = ByteWriter(order: S390DumpHeader.order, capacity: S390DumpHeader.size)
    header.write(to: &writer)
    var list = ExtentList()
    try list.append(.bytes(writer.bytes), length: UInt64(S390DumpHeader.size))
    for range in memory.ranges { try add(range, processors.areas, to: &list) }
    try list.append(.zeros, length: size - address(of: list))
    try list.append(.bytes(header.end), length: UInt64(S390DumpHeader.endSize))
    return ELFCoreFile(list, memory: memory.memory, name: "s390 dump")
  }

  private static let pageSize: UInt64 = 4096

  private static func address(of list: ExtentList) -> UInt64 {
    list.end - UInt64(S390DumpHeader.size)
  }

  /// A range of memory, with what is put into it.
  private static func add(
    _ range: Range<UInt64>, _ areas: [SavedArea], to list: inout ExtentList
  ) throws(PlanError) {
    try list.append(.zeros, length: range.lowerBound - address(of: list))
    for area in areas where range.contains(area.address) {
      let place = address(of: list)
      try list.append(.memory(at: place), length: area.address - place)
      try list.append(.bytes(area.bytes), length: UInt64(area.bytes.count))
    }
    let place = address(of: list)
    try list.append(.memory(at: place), length: range.upperBound - place)
  }

  /// The time of the crash, where the kernel has written it down; 0 is no time.
  private static func clock(of system: CrashedSystem) -> UInt64 {
    guard let time = system.linuxInformation?.crashTime, time < 1 << 32 else { return 0 }
    return S390DumpHeader.clock(atMicroseconds: time * 1_000_000)
  }
}
