package import Bytes
internal import DumpRecords

/// How page tables lie in memory: data alone, so that one walk reads those of every architecture.
package struct PageTableForm: Equatable, Sendable {
  /// The virtual addresses that the tables can map; every other one is not mapped.
  package var addresses: [ClosedRange<UInt64>]
  /// Size of an entry in bytes: 4 or 8.
  package var entrySize: Int
  /// Byte order of the entries, where it does not depend on the kernel's.
  package var order: ByteOrder?
  /// Bits that are cleared in each entry first: a machine uses them to mark encrypted memory.
  package var ignored: UInt64
  /// The levels from the root down. Level *n* of a message is the *n*th from the end.
  package var levels: [Level]

  /// A form from its fields.
  package init(
    addresses: [ClosedRange<UInt64>], entrySize: Int = 8, order: ByteOrder? = nil,
    ignored: UInt64 = 0, levels: [Level]
  ) {
    self.addresses = addresses
    self.entrySize = entrySize
    self.order = order
    self.ignored = ignored
    self.levels = levels
  }

  /// The tables of one level.
  package struct Level: Equatable, Sendable {
    /// The bits of a virtual address that choose the entry.
    package var index: Range<Int>
    /// Holds for an entry that is used at all.
    package var present: EntryTest
    /// What maps memory; the first whose test holds is the one.
    package var leaves: [Leaf]
    /// What leads to a table of the next level; nil at the last one.
    package var branch: Branch?

    /// A level from its fields.
    package init(
      index: Range<Int>, present: EntryTest, leaves: [Leaf] = [], branch: Branch? = nil
    ) {
      self.index = index
      self.present = present
      self.leaves = leaves
      self.branch = branch
    }
  }

  /// Entries that map memory.
  package struct Leaf: Equatable, Sendable {
    /// Holds for such an entry.
    package var test: EntryTest
    /// The memory that one maps is 2^`shift` bytes long, and begins at a multiple of that.
    package var shift: Int
    /// The physical address; bits below `shift` are no part of it, whatever they hold.
    package var address: [AddressBits]

    /// Leaves from their fields.
    package init(_ test: EntryTest, shift: Int, address: [AddressBits]) {
      self.test = test
      self.shift = shift
      self.address = address
    }
  }

  /// Entries that lead to a table of the next level.
  package struct Branch: Equatable, Sendable {
    /// Holds for such an entry.
    package var test: EntryTest
    /// The physical address of the table.
    package var address: [AddressBits]
    /// Which part of the table exists, where an entry says so.
    package var limits: TableLimits?

    /// Branches from their fields.
    package init(_ test: EntryTest, address: [AddressBits], limits: TableLimits? = nil) {
      self.test = test
      self.address = address
      self.limits = limits
    }
  }
}

extension PageTableForm.Level {
  /// What an entry says.
  enum Meaning: Equatable {
    /// The physical memory at an address, 2^`shift` bytes.
    case leaf(UInt64, shift: Int)
    /// A table at a physical address, and which of its parts exist.
    case branch(UInt64, ClosedRange<UInt64>?)
    /// It is not used.
    case absent
    /// No kernel writes such an entry.
    case impossible
  }

  /// What an entry of this level says.
  func meaning(of entry: UInt64) -> Meaning {
    guard present.holds(entry) else { return .absent }
    if let leaf = leaves.first(where: { $0.test.holds(entry) }) {
      let address = entry.address(leaf.address).roundedDown(to: 1 << UInt64(leaf.shift))
      return address.isPhysical ? .leaf(address, shift: leaf.shift) : .impossible
    }
    guard let branch, branch.test.holds(entry) else { return .impossible }
    let address = entry.address(branch.address)
    guard address.isPhysical else { return .impossible }
    return .branch(address, branch.limits?.parts(in: entry))
  }
}

extension UInt64 {
  /// Whether a machine can have such a physical address.
  fileprivate var isPhysical: Bool { self < PhysicalAddress.end }
}
