internal import Bytes

/// A number in the syntax of the kernel's `memparse`: the base by its prefix (0x hexadecimal,
/// 0 octal, else decimal), then one letter K, M, G, T, P or E in either case.
/// Source: `lib/cmdline.c` (`memparse`).
package struct MemoryNumber: Equatable, Sendable {
  /// The number, with its letter counted in.
  package let value: UInt64
  /// What follows the number.
  package let rest: Substring

  /// Reads the number at the start of `text`; nil where none stands there or it needs more than
  /// 64 bits.
  package init?(_ text: Substring) {
    var rest = text
    let radix = MemoryNumber.takeRadix(&rest)
    var value: UInt64 = 0
    var digits = 0
    while let digit = rest.first?.hexDigitValue, rest.first?.isASCII == true, digit < radix {
      let (scaled, overflow) = value.multipliedReportingOverflow(by: UInt64(radix))
      guard !overflow, let sum = scaled.adding(UInt64(digit)) else { return nil }
      value = sum
      digits += 1
      rest.removeFirst()
    }
    guard digits > 0 else { return nil }
    if let shift = rest.first.flatMap(MemoryNumber.shift) {
      guard value.leadingZeroBitCount >= shift || value == 0 else { return nil }
      value <<= UInt64(shift)
      rest.removeFirst()
    }
    self.value = value
    self.rest = rest
  }

  private static func takeRadix(_ text: inout Substring) -> Int {
    guard text.first == "0" else { return 10 }
    let second = text.dropFirst()
    if let letter = second.first, letter == "x" || letter == "X",
      second.dropFirst().first?.isHexDigit == true
    {
      text = second.dropFirst()
      return 16
    }
    return 8
  }

  private static func shift(_ letter: Character) -> Int? {
    switch letter {
    case "K", "k": 10
    case "M", "m": 20
    case "G", "g": 30
    case "T", "t": 40
    case "P", "p": 50
    case "E", "e": 60
    default: nil
    }
  }
}
