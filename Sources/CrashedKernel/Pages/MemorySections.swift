internal import Bytes
internal import DumpRecords

/// The sections of SPARSEMEM (`struct mem_section`, `include/linux/mmzone.h`): each has the struct
/// pages of 2^n bytes of memory. They are read one by one, when a frame is asked for.
struct MemorySections: Sendable {
  /// What kernels call the form.
  var name: String { isExtreme ? "SPARSEMEM_EXTREME" : "SPARSEMEM" }
  private let memory: VirtualMemory
  /// Address of the array of sections, or of pointers to pages of sections.
  private var table: UInt64
  /// Whether it has pointers.
  private let isExtreme: Bool
  /// Bytes of a section's structure.
  private let size: UInt64
  /// Where its pointer stands.
  private let offset: UInt64
  /// Sections that a page of them has.
  private let sectionsPerRoot: UInt64
  /// Entries of the array.
  private let length: UInt64
  /// log₂ of the frames of a section.
  private let frameShift: UInt64

  /// `SECTION_MARKED_PRESENT`, `SECTION_HAS_MEM_MAP`
  private static let present: UInt64 = 3
  /// `SECTION_MAP_MASK`: the kernel aligns the pointers so that six bits are free, and uses them
  /// all since Linux 6.15.
  private static let flags: UInt64 = 0x3f
  /// Entries of the array that are believed: more sections than memory has pages there are none.
  private static let longest: UInt64 = 1 << 52

  /// The sections of a kernel; nil where it has none.
  ///
  /// - Parameter known: a frame that has a struct page.
  static func read(
    _ kernel: Kernel, _ memory: VirtualMemory, pageShift: Int, known: UInt64
  ) throws(ReadError) -> Answer<MemorySections>? {
    let information = kernel.information
    guard let table = information.symbol("mem_section"),
      let size = information.decimal("SIZE(mem_section)"), size > 0,
      let offset = information.decimal("OFFSET(mem_section.section_mem_map)")
    else { return nil }
    guard size <= 1 << UInt64(pageShift - 1), offset < size else {
      return .corrupt("SIZE(mem_section) is \(size), expected at most half a page")
    }
    let perRoot = (UInt64(1) << UInt64(pageShift)) / size
    let length = information.decimal("LENGTH(mem_section)")
    if let length, length > longest {
      return .corrupt("LENGTH(mem_section) is \(length), expected at most \(longest)")
    }
    guard
      let bits = SectionBits(
        kernel, pageShift: pageShift, sectionsPerRoot: perRoot, length: length)
    else { return .absent("nothing says how large a section of memory is (SECTION_SIZE_BITS)") }
    var sections = MemorySections(
      memory: memory, table: table, isExtreme: bits.isExtreme, size: size, offset: offset,
      sectionsPerRoot: perRoot, length: length ?? bits.roots,
      frameShift: UInt64(bits.section - pageShift))
    // Since Linux 4.15 the symbol is a pointer to the array; kernels tell the array, a vmcoreinfo
    // that was made of the symbol table tells the pointer.
    if try sections.section(of: known).map == nil, let table = try memory.pointer(at: table).value {
      var pointed = sections
      pointed.table = table
      if try pointed.section(of: known).map != nil { sections = pointed }
    }
    return .found(sections)
  }

  /// The frames of the section that has one, and the address that the struct page of frame 0 would
  /// have; nil where no memory is there.
  func section(of frame: UInt64) throws(ReadError) -> (frames: Range<UInt64>, map: UInt64?) {
    let number = frame >> frameShift
    let root = number / sectionsPerRoot
    guard root < (isExtreme ? length : (length + sectionsPerRoot - 1) / sectionsPerRoot) else {
      return (frame..<UInt64.max, nil)
    }
    guard let start = try address(ofRoot: root) else {
      let end = min(UInt64.max >> frameShift, (root + 1) * sectionsPerRoot)
      return (frame..<max(frame + 1, end << frameShift), nil)
    }
    let frames = number << frameShift..<(number + 1) << frameShift
    let place = start &+ number % sectionsPerRoot &* size &+ offset
    guard let coded = try memory.pointer(at: place).value,
      coded & MemorySections.present == MemorySections.present
    else { return (frames, nil) }
    return (frames, coded & ~MemorySections.flags)
  }

  /// The address of a page of sections; nil where there is none.
  private func address(ofRoot root: UInt64) throws(ReadError) -> UInt64? {
    guard isExtreme else { return table &+ root &* sectionsPerRoot &* size }
    let pointer = try memory.pointer(at: table &+ root &* UInt64(memory.wordSize)).value
    return pointer == 0 ? nil : pointer
  }
}

/// How large a section is, and how many a kernel has room for.
private struct SectionBits {
  /// `SECTION_SIZE_BITS`
  let section: Int
  /// Pages of sections that are enough for all of memory.
  let roots: UInt64
  /// Whether the array holds pointers.
  let isExtreme: Bool

  /// By vmcoreinfo, else what the release is known to have: of several sizes of memory the first
  /// that agrees with the length of the array.
  init?(_ kernel: Kernel, pageShift: Int, sectionsPerRoot: UInt64, length: UInt64?) {
    let usual = kernel.architecture.memoryMap.sections?(kernel)
    let physical = kernel.information.number("MAX_PHYSMEM_BITS").map { [$0] }
    guard
      let section = kernel.information.number("SECTION_SIZE_BITS")
        ?? usual.map({ UInt64($0.section) }),
      section >= UInt64(pageShift), section <= 40
    else { return nil }
    self.section = Int(section)
    let candidates = physical ?? usual?.physical.map { UInt64($0) } ?? []
    var counts: [UInt64] = []
    for bits in candidates where bits > section && bits <= 64 {
      counts.append(1 << (bits - section))
    }
    func roots(_ sections: UInt64) -> UInt64 { (sections - 1) / sectionsPerRoot + 1 }
    guard let length else {
      guard let most = counts.max() else { return nil }
      self.roots = roots(most)
      isExtreme = true
      return
    }
    if counts.isEmpty {
      self.roots = length
      isExtreme = true
    } else if counts.contains(where: { roots($0) == length }) {
      self.roots = length
      isExtreme = true
    } else {
      self.roots = length
      isExtreme = false
    }
  }
}
