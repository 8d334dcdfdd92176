internal import Bytes
internal import CrashedKernel
package import DumpRecords
internal import MemoryImages

extension CrashedSystem {
  /// What `uname -a` printed on the crashed machine: from the kernel's `init_uts_ns` where it can
  /// be reached, else what the headers of a kept dump say, the release that vmcoreinfo tells and
  /// the machine that the header is for.
  package var systemName: UTSName {
    for place in systemNamePlaces {
      if let bytes = try? memory.bytes(at: place, count: UTSName.size),
        let name = sound(bytes)
      {
        return name
      }
    }
    var name = stored?.machine?.systemName ?? UTSName()
    if name.system.isEmpty { name.system = "Linux" }
    if let release = vmCoreInfo?.release { name.release = release }
    if name.machine.isEmpty { name.machine = architecture?.name ?? "" }
    return name
  }

  /// Addresses in the image where the six fields may stand, the likeliest first: by the rules of
  /// the architecture, then by the virtual addresses of the loads.
  private var systemNamePlaces: [UInt64] {
    guard let information = vmCoreInfo, let symbol = information.symbol("init_uts_ns")
    else { return [] }
    let virtual = symbol &+ (information.decimal("OFFSET(uts_namespace.name)") ?? 0)
    var places: [UInt64] = []
    if let architecture, let translation = AddressTranslation(architecture, information),
      let place = translation.physical(virtual)
    {
      places.append(place)
    }
    for (index, load) in header.segments(of: .load) where unsoundLoads[index] == nil {
      let distance = virtual &- load.virtualAddress
      // The kernel's own core header has its memory at p_offset, a dump its file.
      let start = stored == nil ? load.offset : load.physicalAddress
      if distance < load.memorySize { places.append(start &+ distance) }
    }
    return places
  }

  /// The name, if that is what stands there: the release is the one that vmcoreinfo tells.
  private func sound(_ bytes: [UInt8]) -> UTSName? {
    var reader = ByteReader(bytes, order: header.order)
    guard let name = try? UTSName(from: &reader), name.system == "Linux", !name.machine.isEmpty,
      vmCoreInfo?.release == nil || vmCoreInfo?.release == name.release
    else { return nil }
    return name
  }

  /// What readers of a dump add to addresses of the kernel image: `phys_base` of x86, the start of
  /// the direct map elsewhere (makedumpfile `arch/*.c`, `get_phys_base_*`); a bit pattern.
  package var physicalBase: UInt64 {
    if let machine = stored?.machine { return machine.physicalBase }
    return switch architecture?.name {
    case "x86_64": vmCoreInfo?.number("phys_base") ?? 0
    case "aarch64": vmCoreInfo?.number("PHYS_OFFSET") ?? 0
    case "riscv64": vmCoreInfo?.number("phys_ram_base") ?? 0
    case "arm": header.segments(of: .load).map(\.segment.physicalAddress).min() ?? 0
    default: 0
    }
  }

  /// The number of CPUs, at least 1: what a kept dump says, else those whose notes are there.
  package var processorCount: Int {
    max(1, stored?.machine.map { Int($0.processorCount) } ?? processors.count)
  }
}
