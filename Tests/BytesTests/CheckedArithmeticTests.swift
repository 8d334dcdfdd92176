import Bytes
import Testing

@Suite("Arithmetic with numbers from an image")
struct CheckedArithmeticTests {
  @Test("A sum beyond 64 bits is no number")
  func sums() {
    #expect(UInt64.max.adding(0) == .max)
    #expect(UInt64.max.adding(1) == nil)
    #expect(Range(start: 0x1000, length: 0x10) == 0x1000..<0x1010)
    #expect(Range(start: 1, length: UInt64.max - 1) == 1..<UInt64.max)
    #expect(Range(start: 1, length: UInt64.max) == nil)
  }

  @Test(
    "Rounding reaches the next multiple, and none beyond 64 bits",
    arguments: [
      (UInt64(0), UInt64(0), UInt64?(0)), (1, 0, 0x1000), (0xfff, 0, 0x1000),
      (0x1000, 0x1000, 0x1000), (0x1001, 0x1000, 0x2000),
      (UInt64.max - 0xfff, UInt64.max - 0xfff, UInt64.max - 0xfff),
      (UInt64.max - 0xffe, UInt64.max - 0xfff, nil), (UInt64.max, UInt64.max - 0xfff, nil),
    ])
  func rounding(_ value: UInt64, _ down: UInt64, _ up: UInt64?) {
    #expect(value.roundedDown(to: 4096) == down)
    #expect(value.roundedUp(to: 4096) == up)
  }

  @Test("Addresses are shown as people write them")
  func text() {
    #expect(UInt64(0x1f000).hex == "0x1f000")
    #expect((UInt64(0x1000)..<UInt64(0x2000)).hex == "[0x1000, 0x2000)")
  }

  @Test("A range covers itself and what lies inside, not what reaches over an end")
  func covers() {
    let range = UInt64(10)..<UInt64(20)
    #expect(range.covers(range))
    #expect(range.covers(12..<20))
    #expect(!range.covers(9..<12))
    #expect(!range.covers(19..<21))
  }
}
