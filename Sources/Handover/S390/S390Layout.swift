package import Bytes
package import MemoryImages

/// How an s390x image lies: who is at absolute 0, where the crash region is, and the memory as the
/// crashed kernel addressed it.
package struct S390Layout: Sendable {
  /// The image as it lies.
  package let image: PhysicalMemory
  /// The memory as the crashed kernel addressed it: after the swap with both stretches exchanged.
  package let memory: PhysicalMemory
  /// The memory that was reserved for the second kernel, in the crashed kernel's addresses.
  package let crashRegion: Range<UInt64>
  /// Whether the second kernel has started, so that `[0, size)` and the crash region are swapped.
  package let isSwapped: Bool
  /// What that answer rests on, in words.
  package let evidence: String
  package let osInfo: S390OSInfo
  /// Absolute 0 to 0x1fff of the crashed kernel.
  package let lowcore: [UInt8]
  /// What was wrong, and what was used instead.
  package let warnings: [Finding]
}

/// Whether an image is one of s390x, and how it lies.
package enum S390Detection: Sendable {
  case found(S390Layout)
  /// An s390x machine, but nothing names a crash region.
  case noCrashRegion(String)
  /// Nothing of s390x at the fixed places.
  case none
}
