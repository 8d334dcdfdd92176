internal import Bytes

/// Files that are no raw memory and are not read: each is refused with what to do about it,
/// rather than searched for a header that cannot be found at the right place.
enum ForeignImage {
  private struct Kind: Sendable {
    let name: String
    let magic: [UInt8]
    let advice: Message
  }

  private static let kinds: [Kind] = [
    Kind(
      name: "diskdump", magic: Array("DISKDUMP".utf8),
      advice: "is a diskdump file already: crash opens it as it is"),
    Kind(
      name: "LiME", magic: Array("EMiL".utf8),
      advice: "is a LiME dump: pass its ranges with \(.segments) FILE@ADDR:LENGTH:OFFSET"),
    Kind(
      name: "AVML", magic: Array("AVML".utf8),
      advice: "is a compressed AVML dump: 'avml-convert' unpacks it"),
    Kind(
      name: "QEMU savevm", magic: Array("QEVM".utf8),
      advice: "is a QEMU migration stream, expected memory: use 'pmemsave' or "
        + "'dump-guest-memory'"),
    Kind(
      name: "libvirt save", magic: Array("LibvirtQemudSave".utf8),
      advice: "is a libvirt save file, expected memory: use 'virsh dump --memory-only'"),
    Kind(
      name: "Windows", magic: Array("PAGEDU".utf8),
      advice: "is a Windows crash dump, expected the memory of a Linux machine"),
    compressed("gzip", [0x1f, 0x8b, 0x08], "gzip -dc"),
    compressed("zstd", [0x28, 0xb5, 0x2f, 0xfd], "zstd -dc"),
    compressed("xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "xz -dc"),
    compressed("lz4", [0x04, 0x22, 0x4d, 0x18], "lz4 -dc"),
  ]

  static let formats: [ImageFormat] = kinds.map(format)

  private static func compressed(_ name: String, _ magic: [UInt8], _ command: String) -> Kind {
    Kind(
      name: name, magic: magic,
      advice: "is compressed with \(name): unpack it first, as in '\(command) FILE > image.bin'")
  }

  private static func format(_ kind: Kind) -> ImageFormat {
    ImageFormat(
      name: kind.name, accepts: .all, recognizes: { $0.starts(with: kind.magic) },
      open: { (input, _) throws(ImageError) in
        throw ImageError(.unusable, "\(input.name): \(kind.advice)")
      })
  }
}
