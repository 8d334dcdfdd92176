internal import Bytes

/// `elfcorehdr=[size[KMG]@]offset[KMG]` of the kernel command line.
/// Source: `kernel/crash_dump.c` (`setup_elfcorehdr`), `lib/cmdline.c` (`memparse`).
package struct ELFCoreHeaderParameter: Equatable, Sendable {
  /// Physical address of the ELF core header.
  package var address: UInt64
  /// Size of its reserved region, where it was given.
  package var size: UInt64?

  /// A place, and a size where one is known.
  package init(address: UInt64, size: UInt64? = nil) {
    self.address = address
    self.size = size
  }

  /// Reads the value of one parameter; nil where it holds no number.
  package init?(_ text: Substring) {
    guard let first = MemoryNumber(text) else { return nil }
    if first.rest.first == "@" {
      guard let second = MemoryNumber(first.rest.dropFirst()) else { return nil }
      address = second.value
      size = first.value
    } else {
      address = first.value
      size = nil
    }
  }

  /// The last `elfcorehdr=` of a command line wins for the address; a size given earlier stays.
  package init?(commandLine: String) {
    var found: ELFCoreHeaderParameter?
    for word in commandLine.split(whereSeparator: { $0.isWhitespace || $0 == "\0" })
    where word.hasPrefix("elfcorehdr=") {
      guard let next = ELFCoreHeaderParameter(word.dropFirst("elfcorehdr=".count)) else {
        continue
      }
      found = ELFCoreHeaderParameter(address: next.address, size: next.size ?? found?.size)
    }
    guard let found else { return nil }
    self = found
  }

  /// `0x1000@0x16f5b000`, as the kernel reads it.
  package var text: String {
    size.map { "\($0.hex)@\(address.hex)" } ?? address.hex
  }
}

/// A number in the syntax of the kernel's `memparse`: the base by its prefix (0x hexadecimal,
/// 0 octal, else decimal), then one letter K, M, G, T, P or E in either case.
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
