package import Bytes
package import DumpRecords
package import MemoryImages

/// A dead kernel: what it says of itself, and its memory. Whoever wants something of its own data
/// asks this value; symbols and page tables are read when they are first asked for, once for all
/// copies.
package struct Kernel: Sendable {
  /// Its vmcoreinfo.
  package let information: VMCoreInfo
  package let architecture: Architecture
  package let order: ByteOrder
  /// Its release, where vmcoreinfo has one that can be compared.
  package let release: KernelRelease?
  /// Its memory by physical address: where others have moved it since, it is shown at its old
  /// place.
  package let physicalMemory: PhysicalMemory
  /// Stretches of virtual addresses that are known without looking into memory.
  private let told: LinearMap
  /// Loads of its dump: what they say of virtual addresses is asked last, because not all who
  /// write them know it.
  private let loads: [ProgramHeader]
  private let readSymbols = Once<Answer<KernelSymbols>>()
  private let readLinearMap = Once<LinearMap>()
  private let readMemory = Once<VirtualMemory>()
  private let readTypes = Once<Answer<KernelTypes>>()
  private let readPageTable = Once<PageTable.Answer>()

  /// What is said where there is none.
  package static let absence = "vmcoreinfo does not say where the kernel image lies in memory"

  /// A kernel by its vmcoreinfo; nil where nothing tells where its image lies.
  ///
  /// - Parameters:
  ///   - order: the machine's byte order.
  ///   - memory: the memory of that kernel by physical address.
  ///   - linearMap: what is known better than vmcoreinfo knows it.
  ///   - loads: of its dump, where their virtual addresses are worth asking.
  package init?(
    _ information: VMCoreInfo, _ architecture: Architecture, order: ByteOrder,
    memory: PhysicalMemory, linearMap: LinearMap? = nil, loads: [ProgramHeader] = []
  ) {
    guard
      let told = linearMap ?? architecture.linearMap(information)
        ?? Kernel.mapFromLowestLoad(architecture, information, loads, memory)
        ?? Kernel.mapOfImageLoad(architecture, information, loads)
    else { return nil }
    self.information = information
    self.architecture = architecture
    self.order = order
    release = information.release.flatMap(KernelRelease.init)
    physicalMemory = memory
    self.told = told
    self.loads = loads
  }

  /// Where the direct map begins at the machine's first memory, which vmcoreinfo does not tell: it
  /// begins where the kernel image does, at a boundary of 4 MiB (arm: `PAGE_OFFSET`).
  private static func mapFromLowestLoad(
    _ architecture: Architecture, _ information: VMCoreInfo, _ loads: [ProgramHeader],
    _ memory: PhysicalMemory
  ) -> LinearMap? {
    guard case .lowestLoad = architecture.physicalBase, let text = information.symbol("_stext"),
      let start = loads.map(\.physicalAddress).min() ?? memory.regions.first?.range.lowerBound,
      case let virtual = text & 0xffc0_0000, virtual <= lastLowMemory
    else { return nil }
    return LinearMap([.init(virtual...lastLowMemory, minus: virtual &- start)])
  }

  /// The load that holds the kernel image, where vmcoreinfo does not tell where that lies (x86_64
  /// before Linux 4.10, which names a variable instead of its value, and riscv64 before 6.5, which
  /// lacks `va_kernel_pa_offset`). Without any loads those kernels of x86_64 lie where they were
  /// linked to.
  private static func mapOfImageLoad(
    _ architecture: Architecture, _ information: VMCoreInfo, _ loads: [ProgramHeader]
  ) -> LinearMap? {
    guard case .number(let key, otherwise: _) = architecture.physicalBase,
      let text = information.symbol("_stext")
    else { return nil }
    if loads.isEmpty {
      guard information.symbol(key) != nil else { return nil }
      let start = text.roundedDown(to: 1 << 31)
      return LinearMap([.init(start ... .max, minus: start, isDirectMap: false)])
    }
    for load in loads {
      guard let range = Range(start: load.virtualAddress, length: load.memorySize),
        range.contains(text), range.length <= largestImage, let last = range.last
      else { continue }
      return LinearMap([
        .init(
          range.lowerBound...last, minus: load.virtualAddress &- load.physicalAddress,
          isDirectMap: false)
      ])
    }
    return nil
  }

  /// Behind this address 32-bit kernels have vmalloc, in its usual size.
  private static let lastLowMemory: UInt64 = 0xef7f_ffff

  /// The kernel image by virtual address: what can be read before anything else of it is known.
  package var image: VirtualMemory { virtualMemory(limited(told.windows)) }

  /// The symbol table that it carries.
  package func symbols() throws(ReadError) -> Answer<KernelSymbols> {
    try readSymbols.value { () throws(ReadError) in
      try KernelSymbols.read(information, in: image, expecting: expectedSymbols)
    }
  }

  /// Symbols that are asked for in nearly every run.
  private var expectedSymbols: [String] {
    ["_text", "_end", "kexec_crash_image"] + ImageFrames.symbols
      + [architecture.directMapVariable?.symbol].compactMap(\.self)
  }

  /// The address of a symbol: by vmcoreinfo, else by the kernel's own table.
  package func address(of symbol: String) throws(ReadError) -> UInt64? {
    if let address = information.symbol(symbol) { return address }
    return try symbols().value?.address(of: symbol)
  }

  /// The layout of its structures, where it carries that.
  package func types() throws(ReadError) -> Answer<KernelTypes> {
    try readTypes.value { () throws(ReadError) in try KernelTypes.read(self) }
  }

  /// Kernel image and direct map, the latter also where only a variable of the kernel says where
  /// it begins.
  package func linearMap() throws(ReadError) -> LinearMap {
    try readLinearMap.value { () throws(ReadError) in
      var map = told
      if let start = try directMap(), let variable = architecture.directMapVariable {
        map.add(.init(start...variable.range.upperBound - 1, minus: start))
      }
      return map
    }
  }

  /// Where the direct map begins, where that has to be looked up and can be.
  private func directMap() throws(ReadError) -> UInt64? {
    guard let variable = architecture.directMapVariable,
      let symbols = try symbols().value
    else { return nil }
    var start = variable.usual
    if let place = try symbols.address(of: variable.symbol),
      let value = try image.pointer(at: place).value
    {
      start = value
    }
    return variable.range.contains(start) && start % variable.alignment == 0 ? start : nil
  }

  /// The page tables, or why they are not known.
  package func pageTable() throws(ReadError) -> PageTable.Answer {
    try readPageTable.value { () throws(ReadError) in
      let evidence = PageTableEvidence(information, virtualMemory(limited(try linearMap().windows)))
      {
        name throws(ReadError) in try symbols().value?.address(of: name)
      }
      return try architecture.pageTable(evidence)
    }
  }

  /// All of its memory by virtual address: the image and the direct map where they are known to
  /// lie, which holds also where the image lacks page tables, then page by page what those map.
  package func memory() throws(ReadError) -> VirtualMemory {
    try readMemory.value { () throws(ReadError) in
      let windows = try linearMap().windows
      var mappings: [Mapping] = []
      var last = windows.filter { !$0.isDirectMap }
      if let range = try imageRange(), let image = imageMapping(range) {
        mappings.append(image)
        // Behind the image lie modules, which only page tables know.
        last.removeAll { $0.range.contains(range.lowerBound) }
      }
      mappings += limited(windows.filter(\.isDirectMap))
      if case .found(let table) = try pageTable() { mappings.append(.pageTable(table)) }
      if let find = architecture.furtherMapping,
        let further = try find(information, virtualMemory(mappings))
      {
        mappings.append(further)
      }
      mappings += limited(last)
      return virtualMemory(mappings + (loads.isEmpty ? [] : [.loads(loads)]))
    }
  }

  /// The kernel image alone.
  private func imageMapping(_ range: Range<UInt64>) -> Mapping? {
    guard let last = range.last, let physical = told.physical(range.lowerBound) else { return nil }
    return .linear(range.lowerBound...last, minus: range.lowerBound &- physical)
  }

  /// Stretches as far as there is memory.
  private func limited(_ windows: [LinearMap.Window]) -> [Mapping] {
    let end = physicalMemory.end
    return windows.compactMap { Mapping.linear($0.range, minus: $0.offset).limited(to: end) }
  }

  private func virtualMemory(_ mappings: [Mapping]) -> VirtualMemory {
    VirtualMemory(
      physicalMemory, order: order, wordSize: architecture.wordSize, mappings: mappings)
  }
}

extension Kernel {
  /// Largest kernel image that is believed.
  private static let largestImage: UInt64 = 1 << 30

  /// The virtual addresses of the kernel image, `_text` to `_end`, in whole pages; nil where the
  /// symbol table does not tell.
  package func imageRange() throws(ReadError) -> Range<UInt64>? {
    guard let symbols = try symbols().value else { return nil }
    let places = try symbols.addresses(of: ["_text", "_stext", "_end"])
    guard let start = places["_text"] ?? places["_stext"] ?? information.symbol("_stext"),
      let end = places["_end"]?.roundedUp(to: 4096), start < end,
      case let first = start.roundedDown(to: 4096), end - first <= Kernel.largestImage
    else { return nil }
    return first..<end
  }

  /// What the kernel calls itself, through `init_uts_ns`; nil where vmcoreinfo does not say where
  /// that is, the image lacks it, or no text stands there.
  package func systemName() throws(ReadError) -> SystemName? {
    try SystemName(information, in: image)
  }

  /// Its own name, where that agrees with vmcoreinfo and with the architecture (rule R9): then the
  /// kernel is where vmcoreinfo says.
  package func confirmedName() throws(ReadError) -> SystemName? {
    guard let name = try systemName(), name.release == information.release,
      architecture.isNamed(name.machine)
    else { return nil }
    return name
  }
}
