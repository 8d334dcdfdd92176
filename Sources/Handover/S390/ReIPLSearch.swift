internal import Bytes
internal import CrashedKernel
package import DumpRecords
internal import MemoryImages

/// Looks for the re-IPL block at every source; the first sound one wins.
package struct ReIPLSearch: Equatable, Sendable {
  /// One answer for each source, in order.
  package let reports: [ReIPLReport]
  /// Whether memory is cleared on re-IPL (entry 2 of os_info, from Linux 6.7 on).
  package let clears: Bool?

  /// The block that won, and where it was.
  package var winner: (source: ReIPLSource, block: IPLParameterBlock)? {
    for report in reports {
      if case .found(let block, _) = report.answer { return (report.source, block) }
    }
    return nil
  }

  /// Asks the sources.
  ///
  /// - Parameters:
  ///   - memory: as the crashed kernel addressed it.
  ///   - note: the description of this program's own note in the input.
  ///   - variable: virtual address of `reipl_block_actual`, from the kernel's symbol table.
  init(
    in memory: PhysicalMemory, lowcore: ByteReader, osInfo: S390OSInfo, information: VMCoreInfo?,
    addresses: LinearMap, note: [UInt8]?, variable: UInt64?
  ) throws(ReadError) {
    let place = ReIPLPlace(memory: memory, addresses: addresses)
    var reports: [ReIPLReport] = []
    for source in ReIPLSource.allCases {
      let answer: ReIPLReport.Answer =
        switch source {
        case .note: ReIPLPlace.note(note)
        case .vmCoreInfo:
          try place.variable(
            at: information?.symbol("reipl_block_actual"),
            absence: "no SYMBOL(reipl_block_actual): no kernel has it yet")
        case .osInfo: try place.entry(of: osInfo)
        case .lowcore: try place.checkedPointer(in: lowcore)
        case .kernelVariable:
          try place.variable(at: variable, absence: "no symbol table of the kernel was read")
        case .lastIPL: try place.lastIPL(in: lowcore)
        }
      reports.append(ReIPLReport(source: source, answer: answer))
    }
    self.reports = reports
    clears = try place.clearFlag(of: osInfo)
  }
}

/// Reads a block from a place in memory.
private struct ReIPLPlace {
  let memory: PhysicalMemory
  let addresses: LinearMap

  static func note(_ description: [UInt8]?) -> ReIPLReport.Answer {
    guard let description else { return .absent("the input has no note with a block") }
    do throws(IPLParameterBlock.Fault) {
      return .found(try IPLParameterBlock(description), at: "note of the input")
    } catch {
      return .corrupt(error.description)
    }
  }

  /// A kernel variable that points at the block.
  func variable(at symbol: UInt64?, absence: String) throws(ReadError) -> ReIPLReport.Answer {
    guard let symbol else { return .absent(absence) }
    guard let address = addresses.physical(symbol),
      let bytes = try memory.bytes(at: address, count: 8),
      let pointer = try? ByteReader(bytes, order: .big).peek(at: 0, UInt64.self)
    else { return .corrupt("the variable at \(symbol.hex) lies outside the image") }
    guard pointer != 0 else { return .absent("the variable at \(symbol.hex) is 0: no type is set") }
    guard let target = addresses.physical(pointer) else {
      return .corrupt("\(pointer.hex) is no address of the kernel")
    }
    return try block(at: target, checksum: nil, size: nil)
  }

  /// Entry 1 of os_info: its checksum, and both lengths.
  func entry(of osInfo: S390OSInfo) throws(ReadError) -> ReIPLReport.Answer {
    guard let page = osInfo.page else { return .absent(osInfo.fault ?? "no os_info") }
    let entry = page[.reIPLBlock]
    guard entry.address != 0 else { return .absent("entry 1 is empty: no block was handed over") }
    switch try S390EntryData(of: entry, in: memory, limit: IPLParameterBlock.largest) {
    case .damaged(let reason): return .corrupt("entry 1: \(reason)")
    case .sound:
      return try block(at: entry.address, checksum: entry.checksum, size: entry.size)
    }
  }

  /// `OS_INFO_FLAG_REIPL_CLEAR`
  func clearFlag(of osInfo: S390OSInfo) throws(ReadError) -> Bool? {
    guard let entry = osInfo.page?[.flags], entry.address != 0, entry.size == 8,
      case .sound(let bytes) = try S390EntryData(of: entry, in: memory)
    else { return nil }
    return bytes[7] & 1 != 0
  }

  func checkedPointer(in lowcore: ByteReader) throws(ReadError) -> ReIPLReport.Answer {
    guard let pointer = try? lowcore.peek(Lowcore.reIPLBlock), pointer != 0,
      let sum = try? lowcore.peek(Lowcore.reIPLChecksum)
    else { return .absent("0: the panic action was not dump_reipl") }
    return try block(at: pointer, checksum: sum, size: nil)
  }

  /// Without a checksum: a block of an unknown type is taken for something else.
  func lastIPL(in lowcore: ByteReader) throws(ReadError) -> ReIPLReport.Answer {
    guard let pointer = try? lowcore.peek(Lowcore.iplParameterBlock), pointer != 0 else {
      return .absent("0: the machine was not started with a block")
    }
    let answer = try block(at: UInt64(pointer), checksum: nil, size: nil)
    if case .found(let block, let place) = answer, block.device == .other {
      return .corrupt("\(place): type \(block.type), expected 0, 2, 3 or 4")
    }
    return answer
  }

  private func block(
    at address: UInt64, checksum expected: UInt32?, size: UInt64?
  ) throws(ReadError) -> ReIPLReport.Answer {
    let place = "block at \(address.hex)"
    let read = try memory.paddedBytes(at: address, count: IPLParameterBlock.largest)
    guard read.present >= IPLParameterBlock.smallest else {
      return .corrupt("\(place): lies outside the image")
    }
    let block: IPLParameterBlock
    do throws(IPLParameterBlock.Fault) {
      block = try IPLParameterBlock(read.bytes)
    } catch {
      return .corrupt("\(place): \(error.description)")
    }
    guard read.present >= block.bytes.count else {
      return .corrupt("\(place): the image ends inside its \(block.bytes.count) bytes")
    }
    if let size, size != UInt64(block.bytes.count) {
      return .corrupt("\(place): length \(block.bytes.count), expected \(size) as os_info says")
    }
    let sum = checksum(block.bytes)
    if let expected, sum != expected {
      return .corrupt(
        "\(place): checksum \(UInt64(sum).hex), expected \(UInt64(expected).hex)")
    }
    return .found(block, at: place)
  }
}
