/// Virtual addresses of a kernel that differ from their physical ones by a constant: the kernel
/// image and the direct map. Pages of vmalloc and of modules are not among them.
package struct LinearMap: Equatable, Sendable {
  /// A stretch of virtual addresses that lies in a row in physical memory.
  package struct Window: Equatable, Sendable {
    /// The virtual addresses, the last one included.
    package var range: ClosedRange<UInt64>
    /// What is taken off an address, modulo 2⁶⁴.
    package var offset: UInt64
    /// Whether all of memory is mapped there, not the kernel image alone.
    package var isDirectMap: Bool

    /// Addresses whose physical ones are lower by `offset`.
    package init(
      _ range: ClosedRange<UInt64>, minus offset: UInt64, isDirectMap: Bool = true
    ) {
      self.range = range
      self.offset = offset
      self.isDirectMap = isDirectMap
    }
  }

  /// The first window that holds an address is the one.
  package private(set) var windows: [Window]

  /// A map by its windows.
  package init(_ windows: [Window]) {
    self.windows = windows
  }

  /// Adds what the direct map of all memory holds, behind the windows that are known.
  package mutating func add(_ window: Window) {
    windows.append(window)
  }

  /// Where the direct map has a physical address; nil where no direct map is known.
  package func directMapAddress(of physical: UInt64) -> UInt64? {
    for window in windows where window.isDirectMap {
      let virtual = physical &+ window.offset
      if window.range.contains(virtual) { return virtual }
    }
    return nil
  }

  /// Whether the kernel image has a mapping apart from the direct map.
  package var mapsImageApart: Bool { windows.contains { !$0.isDirectMap } }

  /// The physical address, or nil where no window holds the virtual one.
  package func physical(_ virtual: UInt64) -> UInt64? {
    windows.first { $0.range.contains(virtual) }.map { virtual &- $0.offset }
  }
}
