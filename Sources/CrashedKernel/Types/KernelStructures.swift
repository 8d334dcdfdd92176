internal import Bytes
internal import DumpRecords

/// Sizes, offsets and numbers of a kernel's structures: what its vmcoreinfo says, and where that is
/// not enough what its own types say (BTF), if it carries them.
struct KernelStructures: Sendable {
  /// Whose they are.
  let kernel: Kernel
  /// The types, where vmcoreinfo is not enough.
  private let types: KernelTypes?
  /// Whether the types are asked first.
  private let typesDecide: Bool

  /// What vmcoreinfo alone says.
  init(_ kernel: Kernel) {
    self.kernel = kernel
    types = nil
    typesDecide = false
  }

  /// What types say that a kernel carries, and vmcoreinfo.
  ///
  /// - Parameter decide: whether the types are right where the two differ.
  init(_ kernel: Kernel, _ types: KernelTypes, decide: Bool) {
    self.kernel = kernel
    self.types = types
    typesDecide = decide
  }

  /// Whether the types are known and asked first.
  var followsTypes: Bool { typesDecide }
  /// The kernel's vmcoreinfo.
  var information: VMCoreInfo { kernel.information }

  private func choose(
    _ told: @autoclosure () -> UInt64?, _ typed: (KernelTypes) -> UInt64?
  ) -> UInt64? {
    typesDecide
      ? types.flatMap(typed) ?? told() : told() ?? types.flatMap(typed)
  }

  /// The address of a variable; the symbol table is asked where the types are.
  func symbol(_ name: String) throws(ReadError) -> UInt64? {
    if let address = information.symbol(name) { return address }
    return types == nil ? nil : try kernel.symbols().value?.address(of: name)
  }

  /// `SIZE(name)`
  func size(of structure: String) -> UInt64? {
    choose(information.decimal("SIZE(\(structure))")) { $0.size(of: structure) }
  }

  /// `OFFSET(name.member)`
  func offset(of member: String, in structure: String) -> UInt64? {
    choose(information.decimal("OFFSET(\(structure).\(member))")) {
      $0.offset(of: member, in: structure)
    }
  }

  /// `LENGTH(name.member)`, elements of an array.
  func count(of member: String, in structure: String) -> UInt64? {
    choose(information.decimal("LENGTH(\(structure).\(member))")) {
      $0.count(of: member, in: structure)
    }
  }

  /// `NUMBER(name)`, a constant of an enumeration.
  func number(_ name: String, of enumeration: String) -> UInt64? {
    choose(information.number(name)) { number(name, of: enumeration, in: $0) }
  }

  /// The mask of a page flag (`enum pageflags`).
  func flag(_ name: String) -> UInt64? {
    number(name, of: "pageflags").flatMap { $0 < 32 ? 1 << $0 : nil }
  }

  /// The mask of a page flag that vmcoreinfo never has.
  func untoldFlag(_ name: String) -> UInt64? {
    types.flatMap { number(name, of: "pageflags", in: $0) }.flatMap { $0 < 32 ? 1 << $0 : nil }
  }

  /// `NUMBER(PG_head_mask)`
  var headMask: UInt64? {
    choose(information.number("PG_head_mask")) { types in
      number("PG_head", of: "pageflags", in: types).flatMap { $0 < 32 ? 1 << $0 : nil }
    }
  }

  /// What marks pages of a type. `enum pagetype` has the upper byte since Linux 6.12, and in 6.11
  /// bits that are cleared.
  func pageType(_ name: String) -> PageType? {
    choose(information.number("PAGE_\(name.uppercased())_MAPCOUNT_VALUE")) { types in
      if let byte = number("PGTY_\(name)", of: "pagetype", in: types) {
        return byte <= 0xff ? byte << 24 : nil
      }
      return number("PG_\(name)", of: "pagetype", in: types).map { ~$0 }
    }.map { PageType($0) }
  }

  /// Whether a structure may have a member: unknown where there are no types.
  func mayHave(_ member: String, in structure: String) -> Bool {
    types.map { $0.member(member, of: structure) != nil } ?? true
  }

  private func number(
    _ name: String, of enumeration: String, in types: KernelTypes
  ) -> UInt64? {
    types.value(of: name, in: enumeration).map { UInt64(bitPattern: $0) }
  }
}
