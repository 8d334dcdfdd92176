internal import Bytes
package import DumpRecords

/// Where a kernel's image lies, from its vmcoreinfo alone: readers of a dump need it to find the
/// kernel's page tables. Source: `arch/*/kernel/*crash_core*.c`.
package struct KernelImage: Equatable {
  /// The physical memory of the image.
  package let physical: Range<UInt64>
  /// Virtual address of its first byte.
  package let virtual: UInt64

  /// Images begin at such a boundary, and end at one as far as page tables go.
  private static let alignment: UInt64 = 2 << 20
  /// No image is longer.
  private static let largest: UInt64 = 1 << 30

  /// The image inside the memory that its kernel has; nil where the architecture has no rule, or
  /// the symbols do not fit into that memory.
  ///
  /// - Parameter isApart: whether it is asked for where a load of its own is needed alone.
  package init?(
    of architecture: Architecture, _ information: VMCoreInfo, in memory: Range<UInt64>,
    isApart: Bool = true
  ) {
    guard architecture.needsImageLoad || !isApart,
      let text = information.symbol("_stext"),
      let place = architecture.linearMap(information)?.physical(text),
      case let difference = text &- place
    else { return nil }
    let start = text.roundedDown(to: KernelImage.alignment)
    let last = information.symbols.filter { $0 >= start && $0 - start < KernelImage.largest }.max()
    guard let end = (last ?? text).roundedUp(to: KernelImage.alignment), end > start,
      let range = Range(start: start &- difference, length: end - start)
    else { return nil }
    let held = range.clamped(to: memory)
    guard held.contains(place) else { return nil }
    physical = held
    virtual = held.lowerBound &+ difference
  }
}
