/// What every physical address has in common.
package enum PhysicalAddress {
  /// No architecture that Linux runs on has physical addresses of more bits: s390x has 2⁵³ bytes at
  /// most (`MAX_PHYSMEM_BITS`), x86_64 and arm64 2⁵², ppc64 2⁵¹, riscv64 2⁵⁶
  /// (`arch/*/include/asm/sparsemem.h`).
  package static let bits: UInt64 = 56
  /// The address behind the last one.
  package static let end: UInt64 = 1 << bits
}
