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
      name: "QEMU savevm", magic: Array("QEVM".utf8),
      advice: "is a QEMU migration stream, expected memory: use 'pmemsave' or "
        + "'dump-guest-memory'"),
    Kind(
      name: "libvirt save", magic: Array("LibvirtQemudSave".utf8),
      advice: "is a libvirt save file, expected memory: use 'virsh dump --memory-only'"),
    Kind(
      name: "Windows", magic: Array("PAGEDU".utf8),
      advice: "is a Windows crash dump, expected the memory of a Linux machine"),
  ]

  static let formats: [ImageFormat] = kinds.map(format)

  private static func format(_ kind: Kind) -> ImageFormat {
    ImageFormat(
      name: kind.name, accepts: .all, recognizes: { $0.starts(with: kind.magic) },
      open: { (input, _) throws(ImageError) in
        throw ImageError(.unusable, "\(input.name): \(kind.advice)")
      })
  }
}
