import DumpRecords
import Testing

@Suite("The vmcoreinfo text")
struct VMCoreInfoTests {
  private static let text = """
    OSRELEASE=6.1.0-18-amd64
    BUILD-ID=8d1f0a6c
    PAGESIZE=4096
    SYMBOL(_stext)=ffffffff81000000
    SYMBOL(zero)=0x1f
    NUMBER(phys_base)=-15466496
    NUMBER(kimage_voffset)=0xffff7fffc7f00000
    NUMBER(large)=18446744073709551615
    NUMBER(bad)=12x
    OFFSET(page.flags)=56
    OFFSET(hex)=0x10
    KERNELOFFSET=1d000000
    CONFIG_X86_PAE=y
    EMPTY=
    A=B=C
    no key
    CRASHTIME=1700000000

    """

  private let info = VMCoreInfo(Array(Self.text.utf8))

  @Test("Each sort of value is read as the kernel writes it")
  func values() {
    #expect(info.release == "6.1.0-18-amd64")
    #expect(info.pageSize == 4096)
    #expect(info.crashTime == 1_700_000_000)
    #expect(info.symbol("_stext") == 0xffff_ffff_8100_0000)
    #expect(info.symbol("zero") == 0x1f)
    #expect(info.symbol("nothing") == nil)
    #expect(info.number("phys_base") == UInt64(bitPattern: -15_466_496))
    #expect(info.number("kimage_voffset") == 0xffff_7fff_c7f0_0000)
    #expect(info.number("large") == .max)
    #expect(info.number("bad") == nil)
    #expect(info.decimal("OFFSET(page.flags)") == 56)
    #expect(info.decimal("OFFSET(hex)") == nil)
    #expect(info.hexadecimal("KERNELOFFSET") == 0x1d00_0000)
    #expect(info["CONFIG_X86_PAE"] == "y")
    #expect(info["EMPTY"] == "")
    #expect(info["A"] == "B=C")
    #expect(info["no key"] == nil)
    #expect(info.text == Array(Self.text.utf8))
  }

  @Test("Of two lines for one key the first holds, as for makedumpfile and crash")
  func twice() {
    let info = VMCoreInfo(Array("OSRELEASE=6.1.0\nNUMBER(PG_lru)=4\nNUMBER(PG_lru)=5\n".utf8))
    #expect(info.number("PG_lru") == 4)
  }

  @Test("A text that is cut at any length is still read as far as it goes")
  func cut() {
    let bytes = Array(Self.text.utf8)
    for count in 0...bytes.count {
      let cut = VMCoreInfo(Array(bytes.prefix(count)))
      #expect(cut.text.count == count)
      if count >= 25 { #expect(cut.release == "6.1.0-18-amd64") }
    }
  }

  @Test("Bytes that are no text, and zeros behind it, do no harm")
  func noText() {
    let info = VMCoreInfo(Array("PAGESIZE=4096\n".utf8) + [0, 0, 0xff, 0x0a, 0x3d, 0xfe, 0x0a])
    #expect(info.pageSize == 4096)
    #expect(info[""] != nil)
  }

  @Test(
    "What is no whole line is no value: the last one may be cut, or run into memory that is lost")
  func cutLines() {
    let text = Array("OSRELEASE=6.1.0\nCRASHTIME=1700000000\n".utf8)
    #expect(VMCoreInfo(text).crashTime == 1_700_000_000)
    for count in 0..<text.count {
      let info = VMCoreInfo(Array(text[..<count]))
      #expect(info.crashTime == nil)
      #expect((info.release == "6.1.0") == (count >= 16))
      #expect(info.release == nil || info.release == "6.1.0")
      let lost = VMCoreInfo(text[..<count] + [UInt8](repeating: 0, count: text.count - count))
      #expect(lost.crashTime == nil && lost.isCut)
      #expect(lost.release == info.release)
      let behind = VMCoreInfo([UInt8](repeating: 0, count: count) + text[count...])
      #expect(behind.crashTime == (count < 16 ? 1_700_000_000 : nil))
    }
  }

  @Test(
    "Only a page size that Linux has is believed",
    arguments: [
      ("4096", 4096), ("65536", 65536), ("262144", 262_144), ("0", nil), ("2048", nil),
      ("4097", nil), ("12288", nil), ("524288", nil), ("0x1000", nil), ("-4096", nil),
    ] as [(String, UInt64?)])
  func pageSize(_ text: String, _ size: UInt64?) {
    #expect(VMCoreInfo(Array("PAGESIZE=\(text)\n".utf8)).pageSize == size)
  }

  @Test("A text is told by the line that every kernel writes first")
  func plausible() {
    #expect(VMCoreInfo.isPlausible(Self.text.utf8))
    #expect(!VMCoreInfo.isPlausible(Array("OSRELEASE".utf8)))
    #expect(!VMCoreInfo.isPlausible(Array(" OSRELEASE=".utf8)))
  }

  @Test(
    "A release is told by its first two numbers",
    arguments: [
      ("6.1.0-18-amd64", (6, 1)), ("2.6.32", (2, 6)), ("3.11", (3, 11)), ("6.5-rc1", (6, 5)),
      ("6.12.9+", (6, 12)), ("6", nil), ("", nil), ("x.1", nil), ("6.x", nil), (".1", nil),
      ("-6.1", nil), ("6.-1", nil), ("6.\u{0661}", nil),
      ("99999999999999999999.1", nil), ("6.99999999999999999999", nil),
    ] as [(String, (Int, Int)?)])
  func release(_ text: String, _ numbers: (Int, Int)?) {
    #expect(KernelRelease(text) == numbers.map { KernelRelease($0.0, $0.1) })
  }

  @Test("Releases are ordered by number, not by text")
  func order() {
    #expect(KernelRelease(3, 9) < KernelRelease(3, 11))
    #expect(KernelRelease(2, 99) < KernelRelease(3, 0))
    #expect(!(KernelRelease(6, 5) < KernelRelease(6, 5)))
  }
}
