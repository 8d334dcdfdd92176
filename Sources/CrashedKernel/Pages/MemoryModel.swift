package import Bytes
internal import DumpRecords

/// Where the struct page of each page frame stands (`include/asm-generic/memory_model.h`).
///
/// Sources: `mm/sparse.c`, `mm/mm_init.c`, `include/linux/mmzone.h`. With SPARSEMEM_VMEMMAP the
/// sections say the same as `vmemmap`, and which of them exist.
package struct MemoryModel: Sendable {
  /// What kernels call it.
  package let name: String
  private let form: Form
  /// Bytes of a struct page.
  private let pageSize: UInt64
  /// The highest address of the kernel.
  private let highest: UInt64

  private enum Form: Sendable {
    /// One array, or one for each node: ascending, disjoint.
    case arrays([PageArray])
    case sections(MemorySections)
  }

  /// The struct pages of frames in a row.
  package struct PageArray: Sendable {
    /// The frames.
    package var frames: Range<UInt64>
    /// Virtual address of the first one's; nil where there are none.
    package var address: UInt64?
  }

  /// Frames from one on whose struct pages stand in a row, or that have none.
  package func array(at frame: UInt64) throws(ReadError) -> PageArray {
    switch form {
    case .arrays(let arrays):
      guard let array = arrays.first(where: { $0.frames.upperBound > frame }) else {
        return PageArray(frames: frame..<UInt64.max, address: nil)
      }
      guard array.frames.contains(frame) else {
        return PageArray(frames: frame..<array.frames.lowerBound, address: nil)
      }
      return array
    case .sections(let sections):
      let (frames, map) = try sections.section(of: frame)
      return PageArray(
        frames: frames, address: map.map { ($0 &+ frames.lowerBound &* pageSize) & highest })
    }
  }

  /// The address of the struct page of a frame in an array that has one.
  package func address(of frame: UInt64, in array: PageArray) -> UInt64? {
    array.address.map {
      ($0 &+ (frame &- array.frames.lowerBound) &* pageSize) & highest
    }
  }
}

extension MemoryModel {
  /// Arrays that are believed.
  private static let mostArrays = 1 << 20

  /// The arrays that hold the struct pages of some frames, by their addresses; nil where there are
  /// too many.
  package func arrays(of ranges: [Range<UInt64>]) throws(ReadError) -> [PageArray]? {
    var arrays: [PageArray] = []
    for range in ranges {
      var frame = range.lowerBound
      while frame < range.upperBound {
        let array = try array(at: frame)
        if array.address != nil, arrays.last?.frames != array.frames { arrays.append(array) }
        guard arrays.count <= MemoryModel.mostArrays else { return nil }
        frame = max(frame + 1, array.frames.upperBound)
      }
    }
    return arrays.sorted { ($0.address ?? 0) < ($1.address ?? 0) }
  }

  /// The frame whose struct page stands at an address, in one of the arrays.
  func frame(ofPage address: UInt64, in arrays: [PageArray]) -> UInt64? {
    var low = 0
    var high = arrays.count
    while low < high {
      let middle = (low + high) / 2
      if arrays[middle].address ?? 0 > address { high = middle } else { low = middle + 1 }
    }
    guard low > 0, let start = arrays[low - 1].address, (address - start) % pageSize == 0 else {
      return nil
    }
    let number = (address - start) / pageSize
    let frames = arrays[low - 1].frames
    return number < frames.length ? frames.lowerBound + number : nil
  }
}

extension MemoryModel {
  /// Nodes that are believed.
  private static let mostNodes: UInt64 = 1024

  /// Finds out how a kernel keeps its struct pages.
  ///
  /// - Parameter lowest: the lowest physical address of its memory.
  static func read(
    _ structures: KernelStructures, _ layout: PageLayout, memory: VirtualMemory, lowest: UInt64
  ) throws(ReadError) -> Answer<MemoryModel> {
    let kernel = structures.kernel
    guard let size = kernel.information.pageSize else {
      return .absent("vmcoreinfo has no PAGESIZE")
    }
    let shift = size.trailingZeroBitCount
    let highest = kernel.architecture.wordSize == 8 ? UInt64.max : UInt64(UInt32.max)
    func model(_ name: String, _ form: Form) -> Answer<MemoryModel> {
      .found(
        MemoryModel(name: name, form: form, pageSize: UInt64(layout.size), highest: highest))
    }
    if let nodes = try nodes(structures, memory) {
      switch nodes {
      case .found(let arrays): return model("DISCONTIGMEM", .arrays(arrays))
      case .absent(let why): return .absent(why)
      case .corrupt(let why): return .corrupt(why)
      }
    }
    if let sections = try MemorySections.read(
      structures, memory, pageShift: shift, known: lowest >> UInt64(shift))
    {
      switch sections {
      case .found(let sections): return model(sections.name, .sections(sections))
      case .absent(let why): return .absent(why)
      case .corrupt(let why): return .corrupt(why)
      }
    }
    switch try flat(structures, memory, firstFrame: lowest >> UInt64(shift)) {
    case .found(let array): return model("FLATMEM", .arrays([array]))
    case .absent(let why): return .absent(why)
    case .corrupt(let why): return .corrupt(why)
    }
  }

  /// One array for all: `mem_map`. A node's own pointer says which frame its first page is of,
  /// where vmcoreinfo tells of it.
  private static func flat(
    _ structures: KernelStructures, _ memory: VirtualMemory, firstFrame: UInt64
  ) throws(ReadError) -> Answer<PageArray> {
    guard let variable = try structures.symbol("mem_map") else {
      return .absent(
        "vmcoreinfo has none of mem_section, node_data and mem_map: nothing says where the "
          + "kernel's struct pages are")
    }
    if let node = try structures.symbol("contig_page_data"),
      let array = try NodeKeys(structures)?.array(of: node, in: memory)
    {
      return .found(PageArray(frames: array.frames.lowerBound..<UInt64.max, address: array.address))
    }
    switch try memory.pointer(at: variable) {
    case .found(let address):
      let first = structures.kernel.architecture.memoryMap.startsAtLowestLoad ? firstFrame : 0
      return .found(PageArray(frames: first..<UInt64.max, address: address))
    case .unreadable(let why): return .corrupt("mem_map at \(variable.hex): \(why)")
    }
  }

  /// An array for each node; nil where the kernel has none.
  private static func nodes(
    _ structures: KernelStructures, _ memory: VirtualMemory
  ) throws(ReadError) -> Answer<[PageArray]>? {
    guard let table = try structures.symbol("node_data"),
      let count = structures.information.decimal("LENGTH(node_data)"),
      let keys = NodeKeys(structures)
    else { return nil }
    var arrays: [PageArray] = []
    for number in 0..<min(count, mostNodes) {
      let place = table &+ number &* UInt64(memory.wordSize)
      guard let node = try memory.pointer(at: place).value, node != 0,
        let array = try keys.array(of: node, in: memory), array.address != 0
      else { continue }
      arrays.append(array)
    }
    guard !arrays.isEmpty else { return .corrupt("none of the nodes at \(table.hex) can be read") }
    arrays.sort { $0.frames.lowerBound < $1.frames.lowerBound }
    for (one, next) in zip(arrays, arrays.dropFirst()) where one.frames.overlaps(next.frames) {
      return .corrupt(
        "two nodes claim frame \(next.frames.lowerBound.hex), expected each frame in one of them")
    }
    return .found(arrays)
  }
}

/// Where a node keeps its array of struct pages (`struct pglist_data`, kernels without sections).
private struct NodeKeys {
  let map: UInt64
  let start: UInt64
  let spanned: UInt64

  init?(_ structures: KernelStructures) {
    guard structures.size(of: "pglist_data") != nil,
      let map = structures.offset(of: "node_mem_map", in: "pglist_data"),
      let start = structures.offset(of: "node_start_pfn", in: "pglist_data"),
      let spanned = structures.offset(of: "node_spanned_pages", in: "pglist_data")
    else { return nil }
    self.map = map
    self.start = start
    self.spanned = spanned
  }

  /// The array of a node; nil where it cannot be read.
  func array(
    of node: UInt64, in memory: VirtualMemory
  ) throws(ReadError) -> MemoryModel.PageArray? {
    guard let address = try memory.pointer(at: node &+ map).value,
      let first = try memory.pointer(at: node &+ start).value,
      let count = try memory.pointer(at: node &+ spanned).value,
      let frames = Range(start: first, length: count), !frames.isEmpty
    else { return nil }
    return MemoryModel.PageArray(frames: frames, address: address)
  }
}
