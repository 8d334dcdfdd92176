internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// The loads of a dump whose format keeps no virtual addresses, with those that its kernel gave
/// them, and the kernel image as a load of its own where that is mapped apart: as the crashed
/// kernel's own header had them, gdb and drgn need them.
struct RestoredLoads {
  private(set) var header: CoreHeader
  private(set) var warnings: [Finding] = []

  /// The header of a dump, whose loads have physical addresses alone.
  init(
    _ header: CoreHeader, of kernel: Kernel?, _ architecture: Architecture?
  ) throws(ReadError) {
    self.header = header
    self.header.segments = RestoredLoads.aligned(header.segments, architecture)
    let ranges = header.segments(of: .load).compactMap(\.segment.physicalRange)
    guard let kernel, try kernel.confirmedName() != nil,
      case let loads = StandaloneLoads(
        ranges, try kernel.linearMap(), image: try RestoredLoads.image(of: kernel, in: ranges)),
      loads.segments.count < UInt16.max - 1,
      loads.segments.contains(where: { $0.virtualAddress != .max })
    else {
      warnings = [
        Finding(
          "the dump's format keeps no virtual addresses, and nothing in its memory tells them: in an "
            + "ELF vmcore those of the loads are the physical ones", isDamage: false)
      ]
      return
    }
    self.header.segments =
      header.segments.filter { $0.type != .load }
      + RestoredLoads.aligned(loads.segments, architecture)
    warnings = loads.warnings
  }

  /// Loads as a second kernel that builds them itself makes them
  /// (`arch/s390/kernel/crash_dump.c`, `loads_init`).
  private static func aligned(
    _ segments: [ProgramHeader], _ architecture: Architecture?
  ) -> [ProgramHeader] {
    guard let architecture, architecture.buildsCoreHeader, let size = architecture.onlyPageSize
    else { return segments }
    return segments.map { segment in
      var segment = segment
      if segment.type == .load { segment.alignment = size }
      return segment
    }
  }

  /// The kernel image by virtual address, where all of it is in the loads: by the symbol table, else
  /// by the symbols that vmcoreinfo has.
  private static func image(
    of kernel: Kernel, in ranges: [Range<UInt64>]
  ) throws(ReadError) -> Range<UInt64>? {
    let map = try kernel.linearMap()
    if let image = try kernel.imageRange(), let start = map.physical(image.lowerBound),
      let physical = Range(start: start, length: image.length),
      ranges.contains(where: { $0.covers(physical) })
    {
      return image
    }
    guard let text = kernel.information.symbol("_stext"), let place = map.physical(text),
      let memory = ranges.first(where: { $0.contains(place) }),
      let image = KernelImage(of: kernel.architecture, kernel.information, in: memory)
    else { return nil }
    return Range(start: image.virtual, length: image.physical.length)
  }
}
