internal import Bytes
internal import DumpRecords

extension ForeignImage {
  /// Dumps of machines in forms that are not read here.
  static let dumps: [Kind] = [
    Kind(
      "diskdump", .text("DISKDUMP"),
      advice: "is a diskdump file already: crash opens it as it is"),
    Kind(
      "Windows", .text("PAGEDU"), .text("MDMP"),
      advice: "is a Windows crash dump, expected the memory of a Linux machine"),
    Kind(
      "Windows hibernation", .text("HIBR"), .text("hibr"), .text("WAKE"), .text("wake"),
      advice: "is a hibernation file of Windows, expected the memory of a Linux machine"),
    Kind(
      "hibernation", .any(isHibernation),
      advice: "is a swap area with a hibernation image in it: its pages are packed and hold what "
        + "the kernel chose to save, before any crash; expected the memory of a machine"),
    Kind(
      "AIX", .bytes([0x0f, 0xee, 0xdd, 0xb1], at: 4), .bytes([0x0f, 0xee, 0xdd, 0xb2], at: 4),
      advice: "is a core file of AIX, expected the memory of a Linux machine"),
    Kind(
      "VMDUMP", .any(isVMDUMP),
      advice: "is a VMDUMP of z/VM: 'zgetdump FILE -f elf > vmcore' makes a dump of it that "
        + "is read here"),
    Kind(
      "dump disk", .text("XECKD64", at: 3 * 4096), .text("XECKD64", at: 3 * 512),
      .text("XDFBA64", at: 3 * 512), .text("XDFBA64", at: 3 * 4096),
      .text("XMULT64", at: 3 * 4096), .text("XMULT64", at: 3 * 512),
      advice: "is a whole s390 dump disk with its dumper: pass the partition that holds the dump"),
  ]

  /// `SR`, and `VMDUMP` behind it, in EBCDIC.
  private static func isVMDUMP(_ head: [UInt8]) -> Bool {
    let kind: [UInt8] = [0xe5, 0xd4, 0xc4, 0xe4, 0xd4, 0xd7, 0x40, 0x40]
    return head.starts(with: [0xe2, 0xd9])
      && (2..<64).contains { head.dropFirst($0).starts(with: kind) }
  }

  /// The end of a swap area's first page says what is in it (`kernel/power/swap.c`).
  private static func isHibernation(_ head: [UInt8]) -> Bool {
    [4096, 16_384, 65_536].contains { page in
      ["S1SUSPEND", "S2SUSPEND", "ULSUSPEND", "LINHIB0001"].contains {
        Sign.text($0, at: page - 10).matches(head)
      }
    }
  }
}
