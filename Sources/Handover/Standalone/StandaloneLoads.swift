internal import Bytes
internal import CrashedKernel
internal import DumpRecords

/// The PT_LOADs of a vmcore without a core header: the kernel image where it is mapped apart,
/// then all memory, with virtual addresses by the architecture's rule.
struct StandaloneLoads {
  private(set) var segments: [ProgramHeader] = []
  private(set) var warnings: [Finding] = []

  private static let readWriteExecute: UInt32 = 7
  /// What kexec-tools writes where memory has no virtual address.
  private static let unmapped = UInt64.max

  init(
    _ ranges: [Range<UInt64>], _ map: LinearMap?, image: Range<UInt64>?
  ) {
    if let map, map.mapsImageApart {
      if let image, let physical = map.physical(image.lowerBound) {
        add(physical, size: image.length, virtual: image.lowerBound)
      } else {
        warnings.append(
          Finding(
            "nothing tells how large the kernel image is: there is no PT_LOAD for it",
            isDamage: false))
      }
    }
    var hasUnmapped = false
    for range in ranges {
      let virtual = map?.directMapAddress(of: range.lowerBound)
      if virtual == nil { hasUnmapped = true }
      add(
        range.lowerBound, size: range.length, virtual: virtual ?? StandaloneLoads.unmapped)
    }
    if hasUnmapped {
      warnings.append(
        Finding(
          "nothing tells where the direct map begins: p_vaddr of memory is all ones, readers "
            + "have to go through the page tables", isDamage: false))
    }
  }

  private mutating func add(_ physical: UInt64, size: UInt64, virtual: UInt64) {
    segments.append(
      ProgramHeader(
        type: .load, flags: StandaloneLoads.readWriteExecute, offset: physical,
        virtualAddress: virtual, physicalAddress: physical, fileSize: size, memorySize: size))
  }
}
