internal import Bytes
internal import DumpRecords
internal import MemoryImages

/// The core header as the second kernel builds it (`elfcorehdr_alloc`,
/// `arch/s390/kernel/crash_dump.c`): one PT_NOTE, from 6.10 on the kernel image, then all memory
/// but the crash region.
enum S390Header {
  /// `p_align` of the loads.
  private static let pageSize: UInt64 = 4096
  private static let readWriteExecute: UInt32 = 7

  /// The header; nil where it would have more loads than a table can count.
  static func build(
    loads ranges: [Range<UInt64>], osInfo: OSInfo?, noteSize: Int
  ) -> CoreHeader? {
    var segments = [
      ProgramHeader(
        type: .note, offset: 0, fileSize: UInt64(noteSize), memorySize: UInt64(noteSize))
    ]
    let relocated = osInfo.flatMap { $0.hasVirtualMemory ? $0 : nil }
    if let relocated, let image = imageLoad(of: relocated) { segments.append(image) }
    let base = relocated?[.identityBase].address ?? 0
    for range in ranges {
      segments.append(load(range, virtual: base &+ range.lowerBound))
    }
    guard segments.count < UInt16.max else { return nil }
    return CoreHeader(
      header: ELFHeader(coreFor: .s390, elfClass: .bits64, order: .big), segments: segments)
  }

  /// `text_init`
  private static func imageLoad(of page: OSInfo) -> ProgramHeader? {
    let start = page[.imageStart].address
    let end = page[.imageEnd].address
    guard end >= start,
      let range = Range(start: page[.imagePhysical].address, length: end - start)
    else { return nil }
    return load(range, virtual: start)
  }

  private static func load(_ range: Range<UInt64>, virtual: UInt64) -> ProgramHeader {
    ProgramHeader(
      type: .load, flags: readWriteExecute, offset: range.lowerBound, virtualAddress: virtual,
      physicalAddress: range.lowerBound, fileSize: range.length, memorySize: range.length,
      alignment: pageSize)
  }

  /// The memory of an image in whole pages without some range, neighbours joined: what
  /// `for_each_physmem_range` gives.
  static func ranges(
    of memory: PhysicalMemory, without hole: Range<UInt64>?
  ) -> [Range<UInt64>] {
    let joined = RangeSet(memory.known)
    return joined.ranges.flatMap { range -> [Range<UInt64>] in
      let end = range.upperBound.roundedDown(to: pageSize)
      guard let start = range.lowerBound.roundedUp(to: pageSize), start < end else { return [] }
      guard let hole else { return [start..<end] }
      return [
        start..<max(start, min(end, hole.lowerBound)), max(start, min(end, hole.upperBound))..<end,
      ].filter { !$0.isEmpty }
    }
  }
}
