internal import Bytes
package import DumpRecords

/// From virtual addresses of the crashed kernel to physical ones, where they differ by a constant:
/// the kernel image and the direct map. Pages of vmalloc and of modules are not reached.
package struct AddressTranslation: Equatable, Sendable {
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

  /// A translation by its windows.
  package init(_ windows: [Window]) {
    self.windows = windows
  }

  /// What an architecture's vmcoreinfo tells; nil where it lacks a key or no rule is known.
  package init?(_ architecture: Architecture, _ information: VMCoreInfo) {
    switch architecture.name {
    case "x86_64": self.init(x86_64: information)
    case "aarch64": self.init(aarch64: information)
    case "riscv64": self.init(riscv64: information)
    case "s390x": self.init(s390x: information)
    case "ppc64", "ppc64le": self.init([Window(0xc000 << 48 ... .max, minus: 0xc000 << 48)])
    case "loongarch64":
      self.init([Window(0x9000 << 48...0x9000_ffff_ffff_ffff, minus: 0x9000 << 48)])
    case "i386": self.init([Window(0xc000_0000...0xffff_ffff, minus: 0xc000_0000)])
    default: return nil
    }
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

extension AddressTranslation {
  /// Where the kernel image is mapped: `__START_KERNEL_map`.
  package static let kernelMap: UInt64 = 0xffff_ffff_8000_0000

  /// `phys_base` may be negative; with KASLR the symbols are moved already
  /// (`arch/x86/include/asm/page_64.h`).
  private init?(x86_64 information: VMCoreInfo) {
    guard let base = information.number("phys_base") else { return nil }
    let map = AddressTranslation.kernelMap
    self.init([Window(map ... .max, minus: map &- base, isDirectMap: false)])
  }

  /// The linear map is the lower half of the kernel's addresses, the image lies in the upper one
  /// (Linux 5.4 and later, `arch/arm64/include/asm/memory.h`).
  private init?(aarch64 information: VMCoreInfo) {
    guard let image = information.number("kimage_voffset"),
      let bits = information.number("VA_BITS"), (36...52).contains(bits)
    else { return nil }
    let half = 0 &- (UInt64(1) << (min(bits, 48) - 1))
    var windows = [Window(half ... .max, minus: image, isDirectMap: false)]
    if let start = information.number("PHYS_OFFSET") {
      let linear = 0 &- (UInt64(1) << bits)
      windows.append(Window(linear...half - 1, minus: linear &- start))
    }
    self.init(windows)
  }

  /// Source: `arch/riscv/include/asm/page.h`; the keys exist since Linux 6.2.
  private init?(riscv64 information: VMCoreInfo) {
    guard let offset = information.number("va_kernel_pa_offset"),
      let link = information.number("KERNEL_LINK_ADDR")
    else { return nil }
    var windows = [Window(link ... .max, minus: offset, isDirectMap: false)]
    if let linear = information.number("PAGE_OFFSET"), linear < link,
      let start = information.number("phys_ram_base")
    {
      windows.append(Window(linear...link - 1, minus: linear &- start))
    }
    self.init(windows)
  }

  /// Until Linux 6.9 virtual addresses are physical ones; then the image, the 31-bit code and the
  /// identity map have places of their own, told by keys that came with that change.
  private init?(s390x information: VMCoreInfo) {
    guard let identity = information.hexadecimal("IDENTITYBASE"),
      let image = information.hexadecimal("KERNELOFFSET"), image != 0,
      let physical = information.hexadecimal("KERNELOFFPHYS")
    else {
      self.init([Window(0 ... .max, minus: 0)])
      return
    }
    var windows = [Window(0...0x1fff, minus: 0, isDirectMap: false)]
    if let start = information.hexadecimal("SAMODE31"),
      let end = information.hexadecimal("EAMODE31"), start < end
    {
      windows.append(Window(start...end - 1, minus: 0, isDirectMap: false))
    }
    windows.append(Window(image ... .max, minus: image &- physical, isDirectMap: false))
    if identity < image { windows.append(Window(identity...image - 1, minus: identity)) }
    self.init(windows)
  }
}
