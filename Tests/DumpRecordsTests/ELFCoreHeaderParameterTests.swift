import DumpRecords
import Testing

@Suite("elfcorehdr= as the kernel reads it")
struct ELFCoreHeaderParameterTests {
  @Test(
    "A number has its base by its prefix, and one letter that multiplies it",
    arguments: [
      ("0", 0, ""), ("376180", 376180, ""), ("0x1f000", 0x1f000, ""), ("0X1F", 0x1f, ""),
      ("010", 8, ""), ("0777k", 511 << 10, ""), ("089", 0, "89"), ("0x", 0, "x"),
      ("0xg", 0, "xg"), ("1K", 1 << 10, ""), ("2k", 2 << 10, ""), ("3M", 3 << 20, ""),
      ("3m", 3 << 20, ""), ("4G", 4 << 30, ""), ("4g", 4 << 30, ""), ("5T", 5 << 40, ""),
      ("5t", 5 << 40, ""), ("6P", 6 << 50, ""), ("6p", 6 << 50, ""), ("7E", 7 << 60, ""),
      ("0x1e", 0x1e, ""), ("1e", 1 << 60, ""), ("1KB", 1 << 10, "B"), ("1MM", 1 << 20, "M"),
      ("12 ", 12, " "), ("18446744073709551615", .max, ""),
      ("0xffffffffffffffff", .max, ""), ("01777777777777777777777", .max, ""), ("0E", 0, ""),
    ] as [(String, UInt64, String)])
  func numbers(_ text: String, _ value: UInt64, _ rest: String) {
    let number = MemoryNumber(text[...])
    #expect(number?.value == value)
    #expect(number?.rest == rest[...])
  }

  @Test(
    "What is no number, or more than 64 bits, is none",
    arguments: [
      "", "K", "-1", "+1", " 1", "x1", "@", "\u{0661}", "\u{ff11}", "18446744073709551616",
      "0x10000000000000000", "02000000000000000000000", "16E", "0x4000000000000000K",
      "99999999999999999999999999",
    ])
  func noNumbers(_ text: String) {
    #expect(MemoryNumber(text[...]) == nil)
  }

  @Test(
    "Without @ the number is the address, with @ the size comes first",
    arguments: [
      ("0xf000000", 0xf00_0000, nil), ("376180K", 376180 << 10, nil),
      ("4096K@565824K", 565824 << 10, 4096 << 10), ("0x1000@0x16f5b000", 0x16f5_b000, 0x1000),
      ("1024@2M", 2 << 20, 1024), ("1K,2K", 1024, nil), ("0@0", 0, 0),
    ] as [(String, UInt64, UInt64?)])
  func parameter(_ text: String, _ address: UInt64, _ size: UInt64?) {
    #expect(
      ELFCoreHeaderParameter(text[...]) == ELFCoreHeaderParameter(address: address, size: size))
  }

  @Test("A place without a number is none", arguments: ["", "@", "1@", "@1", "K@1", "off"])
  func noParameter(_ text: String) {
    #expect(ELFCoreHeaderParameter(text[...]) == nil)
  }

  @Test(
    "On a command line the last address wins, and a size given earlier stays",
    arguments: [
      ("console=ttyS0 elfcorehdr=376180K", 376180 << 10, nil),
      ("elfcorehdr=0xf000000 quiet", 0xf00_0000, nil),
      ("elfcorehdr=1M elfcorehdr=2M", 2 << 20, nil),
      ("elfcorehdr=4K@1M quiet elfcorehdr=2M", 2 << 20, 4096),
      ("elfcorehdr=4K@1M elfcorehdr=8K@3M", 3 << 20, 8192),
      ("elfcorehdr=1M elfcorehdr=nonsense", 1 << 20, nil),
      ("a\telfcorehdr=1M\n", 1 << 20, nil),
      ("elfcorehdr=1M -- elfcorehdr=2M", 1 << 20, nil),
      ("elfcorehdr=\"1M\" quiet", 1 << 20, nil),
      ("\"elfcorehdr=1M\" quiet", 1 << 20, nil),
      ("elfcorehdr=1M x=\"a elfcorehdr=2M b\" --x", 1 << 20, nil),
    ] as [(String, UInt64, UInt64?)])
  func commandLine(_ line: String, _ address: UInt64, _ size: UInt64?) {
    #expect(
      ELFCoreHeaderParameter(commandLine: line)
        == ELFCoreHeaderParameter(address: address, size: size))
  }

  @Test(
    "A line that does not hold the parameter names no place",
    arguments: ["", "elfcorehdr", "elfcorehdr=", "xelfcorehdr=1M", "my.elfcorehdr=1M", "quiet"])
  func otherCommandLines(_ line: String) {
    #expect(ELFCoreHeaderParameter(commandLine: line) == nil)
  }

  @Test("The text is what the kernel would read back")
  func text() {
    for parameter in [
      ELFCoreHeaderParameter(address: 0x16f5_b000, size: 0x1000),
      ELFCoreHeaderParameter(address: .max),
    ] {
      #expect(ELFCoreHeaderParameter(parameter.text[...]) == parameter)
    }
  }
}
