package import Bytes
internal import CrashedKernel
package import DumpRecords
internal import MemoryImages

/// One CPU of a crashed s390x machine, as store-status left it.
package struct S390Processor: Equatable, Sendable {
  /// Place in `lowcore_ptr[]`: the kernel's number.
  package var number: Int
  /// Physical address of its lowcore.
  package var lowcore: UInt64
  package var registers: SaveArea
  /// The 32 vector registers, where the machine has them and they were saved.
  package var vectors: [UInt8]?
}

/// The CPUs of a crashed s390x machine, the crashing one first (`smp_save_dump_cpus`,
/// `arch/s390/kernel/smp.c`: the second kernel asks the hardware, which an image cannot).
package struct S390Processors: Sendable {
  /// CPUs whose registers were saved, in the order of their notes.
  package private(set) var saved: [S390Processor] = []
  /// CPUs that have a lowcore but no saved registers: number and address.
  package private(set) var unsaved: [(number: Int, lowcore: UInt64)] = []
  /// What was wrong, and what was used instead.
  package private(set) var warnings: [Finding] = []

  /// Entries of `lowcore_ptr[]` that are read at most: no kernel is built for more CPUs.
  static let limit: UInt64 = 4096
  /// Vector registers: 32 of 16 bytes at the start of the extended save area.
  static let vectorSize = 512

  /// - Parameter hasCrashed: whether anything else tells so; if not, what stands at absolute
  ///   0x1200 must agree with the lowcore that it came from.
  init(
    in memory: PhysicalMemory, lowcore: [UInt8], information: VMCoreInfo?, addresses: LinearMap,
    hasCrashed: Bool
  ) throws(ReadError) {
    let boot = SaveArea(Array(lowcore.dropFirst(Lowcore.saveArea)))
    var prefix = UInt64(boot?.prefix ?? 0)
    if !hasCrashed, try S390Processors.savedPrefix(at: prefix, in: memory) != prefix { prefix = 0 }
    try readList(in: memory, information, addresses, boot: prefix)
    try putFirst(boot, at: prefix, in: memory)
    if let first = saved.first, first.vectors == nil {
      // Only the machine's vector facility fills the areas: what else is there is no register.
      for index in saved.indices { saved[index].vectors = nil }
    }
    judge(hasCrashed)
  }

  /// The prefix that store-status left in a lowcore.
  private static func savedPrefix(
    at address: UInt64, in memory: PhysicalMemory
  ) throws(ReadError) -> UInt64? {
    guard let place = address.adding(UInt64(Lowcore.saveArea)),
      let bytes = try memory.bytes(at: place, count: SaveArea.size)
    else { return nil }
    return SaveArea(bytes).map { UInt64($0.prefix) }
  }

  /// The CPUs of `lowcore_ptr[]` whose lowcore says that it is theirs.
  private mutating func readList(
    in memory: PhysicalMemory, _ information: VMCoreInfo?, _ addresses: LinearMap, boot: UInt64
  ) throws(ReadError) {
    guard let symbol = information?.symbol("lowcore_ptr"),
      let count = information?.decimal("LENGTH(lowcore_ptr)"), let list = addresses.physical(symbol)
    else {
      warnings.append(
        Finding("vmcoreinfo does not say where lowcore_ptr is: only the crashing CPU is known"))
      return
    }
    let size = Int(min(count, S390Processors.limit)) * 8
    guard let bytes = try memory.bytes(at: list, count: size) else {
      warnings.append(
        Finding("lowcore_ptr at \(list.hex) lies outside the image: only the crashing CPU is known")
      )
      return
    }
    let reader = ByteReader(bytes, order: .big)
    var seen: Set<UInt64> = []
    for number in 0..<size / 8 {
      guard let pointer = try? reader.peek(at: 8 * number, UInt64.self), pointer != 0 else {
        continue
      }
      guard let address = addresses.physical(pointer), address != 0,
        address % Lowcore.alignment == 0, seen.insert(address).inserted
      else {
        warnings.append(
          Finding("CPU \(number): lowcore_ptr is \(pointer.hex), expected a page of its own"))
        continue
      }
      try add(number, at: address, in: memory, isBoot: address == boot)
    }
  }

  private mutating func add(
    _ number: Int, at address: UInt64, in memory: PhysicalMemory, isBoot: Bool
  ) throws(ReadError) {
    guard let page = try memory.bytes(at: address, count: Lowcore.size),
      let registers = SaveArea(Array(page.dropFirst(Lowcore.saveArea)))
    else {
      warnings.append(
        Finding(
          "CPU \(number): the lowcore at \(address.hex) lies outside the image", isPartial: true))
      return
    }
    guard isBoot || UInt64(registers.prefix) == address else {
      unsaved.append((number, address))
      return
    }
    saved.append(
      S390Processor(
        number: number, lowcore: address, registers: registers,
        vectors: try S390Processors.vectors(of: page, in: memory)))
  }

  /// The second kernel takes the crashing CPU's registers from absolute 0x1200.
  private mutating func putFirst(
    _ boot: SaveArea?, at prefix: UInt64, in memory: PhysicalMemory
  ) throws(ReadError) {
    guard let boot, prefix != 0 else { return }
    if let index = saved.firstIndex(where: { $0.lowcore == prefix }) {
      var processor = saved.remove(at: index)
      processor.registers = boot
      saved.insert(processor, at: 0)
      return
    }
    let page = try memory.bytes(at: prefix, count: Lowcore.size)
    if page == nil || prefix % Lowcore.alignment != 0 {
      warnings.append(
        Finding(
          "absolute 0x1318 is \(prefix.hex), expected the prefix of the crashing CPU: its registers "
            + "are taken from absolute 0x1200, without vector registers"))
    }
    saved.insert(
      S390Processor(
        number: saved.count + unsaved.count, lowcore: prefix, registers: boot,
        vectors: try page.flatMap { page throws(ReadError) in
          try S390Processors.vectors(of: page, in: memory)
        }), at: 0)
  }

  private static func vectors(
    of page: [UInt8], in memory: PhysicalMemory
  ) throws(ReadError) -> [UInt8]? {
    guard
      let pointer = try? ByteReader(page, order: .big).peek(Lowcore.extendedSaveArea)
    else { return nil }
    let address = pointer & ~0x3ff
    return address == 0 ? nil : try memory.bytes(at: address, count: vectorSize)
  }

  /// Where nothing was saved the machine had not crashed; where some were, the others are lost.
  private mutating func judge(_ hasCrashed: Bool) {
    if saved.isEmpty {
      let why = hasCrashed ? "though this kernel has crashed" : "this kernel had not crashed yet"
      warnings.append(
        Finding(
          "no CPU has saved registers: \(why), the vmcore has no CPU notes", isDamage: hasCrashed))
      return
    }
    for (number, lowcore) in unsaved {
      warnings.append(
        Finding(
          "CPU \(number): the saved prefix in its lowcore at \(lowcore.hex) is not its own: no "
            + "registers were saved, it has no notes"))
    }
  }
}
