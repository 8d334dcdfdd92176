internal import Bytes
internal import DumpRecords

/// Files that are no raw memory and are not read: each is refused with what to do about it,
/// rather than searched for a header that cannot be found at the right place.
enum ForeignImage {
  /// One kind of such a file.
  struct Kind: Sendable {
    /// What the manual calls it.
    let name: String
    /// How it is recognised.
    let signs: [Sign]
    /// What to say of it, behind the file's name.
    let advice: Message

    init(_ name: String, _ signs: Sign..., advice: Message) {
      self.name = name
      self.signs = signs
      self.advice = advice
    }
  }

  /// What tells a file of a kind; one of several is enough.
  struct Sign: Sendable {
    let matches: @Sendable (_ head: [UInt8]) -> Bool

    /// Bytes at an offset.
    static func bytes(_ magic: [UInt8], at offset: Int = 0) -> Sign {
      Sign { $0.count >= offset + magic.count && $0[offset...].starts(with: magic) }
    }

    /// A text at an offset.
    static func text(_ magic: String, at offset: Int = 0) -> Sign {
      bytes(Array(magic.utf8), at: offset)
    }

    /// Anything that can be seen in the first bytes.
    static func any(_ matches: @escaping @Sendable ([UInt8]) -> Bool) -> Sign {
      Sign(matches: matches)
    }
  }

  /// Every kind, as formats.
  static let formats: [ImageFormat] =
    (dumps + virtualMachines + others).map(format)

  static func format(_ kind: Kind) -> ImageFormat {
    ImageFormat(
      name: kind.name, accepts: .all,
      recognizes: { head in kind.signs.contains { $0.matches(head) } },
      open: { (input, _) throws(ImageError) in
        throw ImageError(.unusable, "\(input.name): \(kind.advice)")
      })
  }
}
