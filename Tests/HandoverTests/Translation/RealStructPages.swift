import Bytes
import CrashedKernel
import DumpRecords

/// Where a real kernel has its struct pages, by the table of sections (SPARSEMEM_EXTREME).
/// Source: `include/linux/mmzone.h`.
struct RealStructPages {
  /// What a struct page says.
  struct Page {
    var flags: UInt64
    var references: Int32
    var mappings: Int32
    /// Of a free page, the power of two of pages that are free with it.
    var order: UInt64
  }

  private let kernel: RealKernel
  private let root: UInt64
  private let sectionSize: UInt64
  private let framesPerSection: UInt64
  private let pageSize: UInt64
  private let structSize: UInt64
  /// Value of `_mapcount` in a free page.
  let free: Int32
  /// `PG_reserved`: before and after 6.11 the bit below `PG_private`.
  let reserved: UInt64

  init?(_ kernel: RealKernel) {
    let information = kernel.information
    guard let root = information.symbol("mem_section"),
      let sectionSize = information.decimal("SIZE(mem_section)"),
      let bits = information.number("SECTION_SIZE_BITS"), let pageSize = information.pageSize,
      let structSize = information.decimal("SIZE(page)"),
      let free = information.number("PAGE_BUDDY_MAPCOUNT_VALUE"),
      let privateBit = information.number("PG_private")
    else { return nil }
    self.kernel = kernel
    self.root = root
    self.sectionSize = sectionSize
    self.pageSize = pageSize
    self.structSize = structSize
    framesPerSection = (1 << bits) / pageSize
    self.free = Int32(truncatingIfNeeded: free)
    reserved = 1 << (privateBit - 1)
  }

  /// The virtual address of the struct page of a physical address; nil where there is none.
  func address(of physical: UInt64) throws -> UInt64? {
    let frame = physical / pageSize
    let (number, perRoot) = (frame / framesPerSection, pageSize / sectionSize)
    guard let sections = try kernel.all.pointer(at: root + 8 * (number / perRoot)).value,
      sections != 0,
      let coded = try kernel.all.pointer(at: sections + number % perRoot * sectionSize).value,
      coded & 1 == 1
    else { return nil }
    return (coded & ~0x3f) &+ frame &* structSize
  }

  /// The struct page of a physical address.
  func page(of physical: UInt64) throws -> Page? {
    guard let address = try address(of: physical),
      let flags: UInt64 = try field("flags", at: address),
      let references: Int32 = try field("_refcount", at: address),
      let mappings: Int32 = try field("_mapcount", at: address),
      let order: UInt64 = try field("private", at: address)
    else { return nil }
    return Page(flags: flags, references: references, mappings: mappings, order: order)
  }

  private func field<Value: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ name: String, at address: UInt64
  ) throws -> Value? {
    guard let offset = kernel.information.decimal("OFFSET(page.\(name))") else { return nil }
    return try kernel.all.read(Value.self, at: address + offset).value
  }
}
