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
  /// Largest kernel image that is believed.
  private static let largestImage: UInt64 = 1 << 30

  init(
    _ ranges: [Range<UInt64>], _ translation: AddressTranslation?, image: Range<UInt64>?
  ) {
    if let translation, translation.mapsImageApart {
      if let image, let physical = translation.physical(image.lowerBound) {
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
      let virtual = translation?.directMapAddress(of: range.lowerBound)
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

  /// The virtual addresses of the kernel image, `_text` to `_end`, in whole pages.
  static func image(
    _ symbols: KernelSymbols, _ information: VMCoreInfo
  ) throws(ReadError) -> Range<UInt64>? {
    let places = try symbols.addresses(of: ["_text", "_stext", "_end"])
    guard let start = places["_text"] ?? places["_stext"] ?? information.symbol("_stext"),
      let end = places["_end"]?.roundedUp(to: 4096), start < end,
      case let first = start.roundedDown(to: 4096), end - first <= largestImage
    else { return nil }
    return first..<end
  }
}
