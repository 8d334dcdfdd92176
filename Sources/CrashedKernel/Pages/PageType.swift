internal import DumpRecords

/// A value of `_mapcount` that says what a page is used for: `page_type` since Linux 4.18
/// (`include/linux/page-flags.h`).
struct PageType: Equatable, Sendable {
  private let value: UInt32
  private let mask: UInt32

  /// The type of a value that vmcoreinfo has. Since Linux 6.12 the upper byte alone is the type,
  /// and the rest belongs to whoever owns the page.
  init(_ number: UInt64) {
    value = UInt32(truncatingIfNeeded: number)
    let isTopByte = value & 0x00ff_ffff == 0 && value >> 28 == 0xf
    mask = isTopByte ? 0xff00_0000 : .max
  }

  /// The type that a key names.
  init?(_ information: VMCoreInfo, _ key: String) {
    guard let number = information.number(key) else { return nil }
    self.init(number)
  }

  /// Whether it is below -1, the count of a page that nobody has mapped, whatever the page's owner
  /// writes into the rest.
  var isBelowCounts: Bool { Int32(bitPattern: value | ~mask) < -1 }

  /// Whether a page is of the type.
  @inline(__always)
  func matches(_ mapCount: UInt32) -> Bool { mapCount & mask == value }
}
