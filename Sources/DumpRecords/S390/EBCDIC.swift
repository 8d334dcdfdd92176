/// Text of s390 firmware: EBCDIC, code page 500 as the kernel converts it
/// (`arch/s390/kernel/ebcdic.c`, `_ebcasc_500`), as far as it has printable ASCII.
package enum EBCDIC {
  /// The text; bytes outside ASCII become `?`, zero stays zero.
  package static func text(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: bytes.map { table[Int($0)] }, as: UTF8.self)
  }

  private static let table: [UInt8] = {
    var table = [UInt8](repeating: UInt8(ascii: "?"), count: 256)
    table[0] = 0
    func put(_ text: String, at start: Int) {
      for (index, byte) in text.utf8.enumerated() { table[start + index] = byte }
    }
    put(" ", at: 0x40)
    put("[.<(+!&", at: 0x4a)
    put("]$*);^-/", at: 0x5a)
    put(",%_>?", at: 0x6b)
    put("`:#@'=\"", at: 0x79)
    put("abcdefghi", at: 0x81)
    put("jklmnopqr", at: 0x91)
    put("~stuvwxyz", at: 0xa1)
    put("|", at: 0xbb)
    put("{ABCDEFGHI", at: 0xc0)
    put("}JKLMNOPQR", at: 0xd0)
    put("\\", at: 0xe0)
    put("STUVWXYZ", at: 0xe2)
    put("0123456789", at: 0xf0)
    return table
  }()
}
