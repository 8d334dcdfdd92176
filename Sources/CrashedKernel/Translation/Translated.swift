/// What became of a virtual address.
package enum Translated: Equatable, Sendable {
  /// A physical address; `upTo` bytes follow each other from there on as they do in virtual
  /// memory, the one asked for included. It does not say that the image holds them.
  case at(UInt64, upTo: UInt64)
  /// The kernel has nothing there. An entry of that level says so, counted from the last one,
  /// which is 1; 0 where no mapping reaches the address.
  case notMapped(level: Int)
  /// The image lacks the page table entry at this physical address.
  case missing(UInt64)
  /// The entry at a physical address cannot be true.
  case corrupt(UInt64, at: UInt64)
}
