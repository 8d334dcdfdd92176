package import DumpRecords

/// A place where something in the image says that the core header is.
package struct NamedPlace: Equatable, Sendable {
  package var parameter: ELFCoreHeaderParameter
  package var locator: Locator
  /// Address, in the memory that was scanned, of what names it.
  package var namedAt: UInt64
  /// Words for it: `device tree at 0x48000000, /chosen linux,elfcorehdr`.
  package var by: String
}
