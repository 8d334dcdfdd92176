package import Bytes
package import DumpRecords

extension Mapping {
  /// Where a ppc64 kernel with the hash MMU has its struct pages: a list of blocks of equal size
  /// (`struct vmemmap_backing`, `arch/powerpc/mm/init_64.c`). Its page tables do not have them.
  /// Blocks can stand in the list twice; the first one is the true one.
  ///
  /// - Parameter memory: has the direct map.
  /// - Returns: nil where the kernel tells of no such list, or it cannot be followed.
  package static func powerVmemmap(
    _ information: VMCoreInfo, in memory: VirtualMemory
  ) throws(ReadError) -> Mapping? {
    guard let list = information.symbol("vmemmap_list"),
      let next = information.decimal("OFFSET(vmemmap_backing.list)"),
      let physical = information.decimal("OFFSET(vmemmap_backing.phys)"),
      let virtual = information.decimal("OFFSET(vmemmap_backing.virt_addr)"),
      let size = try blockSize(information, in: memory)
    else { return nil }
    var pieces: [PieceMap.Piece] = []
    var seen: Set<UInt64> = []
    var entry = try memory.pointer(at: list).value
    while let place = entry, place != 0 {
      guard seen.insert(place).inserted, pieces.count < blockLimit,
        let start = try memory.pointer(at: place &+ virtual).value,
        let position = try memory.pointer(at: place &+ physical).value,
        let range = Range(start: start, length: size)
      else { return nil }
      pieces.append(PieceMap.Piece(range: range, position: position))
      entry = try memory.pointer(at: place &+ next).value
    }
    return pieces.isEmpty || entry == nil ? nil : .pieces(PieceMap(firstWins: pieces))
  }

  /// No machine has more: one of 64 KiB has the struct pages of at least 64 MiB.
  private static let blockLimit = 1 << 20

  /// `mmu_psize_defs[mmu_vmemmap_psize].shift` as a size: 64 KiB and 16 MiB occur.
  private static func blockSize(
    _ information: VMCoreInfo, in memory: VirtualMemory
  ) throws(ReadError) -> UInt64? {
    guard let table = information.symbol("mmu_psize_defs"),
      let variable = information.symbol("mmu_vmemmap_psize"),
      let size = information.decimal("SIZE(mmu_psize_def)"),
      let offset = information.decimal("OFFSET(mmu_psize_def.shift)"),
      let index = try memory.read(UInt32.self, at: variable).value, index < 64,
      let shift = try memory.read(
        UInt32.self, at: table &+ UInt64(index) &* size &+ offset
      ).value, (12...34).contains(shift)
    else { return nil }
    return 1 << UInt64(shift)
  }
}
