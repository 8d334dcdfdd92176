internal import Bytes
internal import DumpRecords

/// `FILE@ADDR[:LENGTH[:OFFSET]]`: a file, or a part of one, as memory at an address.
package struct SegmentSpecification: Equatable, Sendable {
  /// The file.
  package var path: String
  /// Address of its first byte that is taken.
  package var address: UInt64
  /// nil: up to the end of the file.
  package var length: UInt64?
  /// Offset of that byte in the file.
  package var offset: UInt64

  /// A part of a file, or all of it.
  package init(path: String, address: UInt64, length: UInt64?, offset: UInt64) {
    self.path = path
    self.address = address
    self.length = length
    self.offset = offset
  }

  /// Reads the text of one; the last `@` ends the file's name.
  package init(_ text: String) throws(ImageError) {
    guard let at = text.lastIndex(of: "@"), at != text.startIndex else {
      throw SegmentSpecification.malformed(text, "no address behind '@'")
    }
    let fields = text[text.index(after: at)...].split(
      separator: ":", omittingEmptySubsequences: false)
    guard (1...3).contains(fields.count) else {
      throw SegmentSpecification.malformed(text, "\(fields.count) fields behind '@'")
    }
    var numbers: [UInt64] = []
    for field in fields {
      guard let number = MemoryNumber(field), number.rest.isEmpty else {
        throw SegmentSpecification.malformed(text, "'\(field)' is no number")
      }
      numbers.append(number.value)
    }
    path = String(text[..<at])
    address = numbers[0]
    length = numbers.count > 1 ? numbers[1] : nil
    offset = numbers.count > 2 ? numbers[2] : 0
  }

  private static func malformed(_ text: String, _ found: String) -> ImageError {
    ImageError(
      .usage,
      "\(.segments) \(text): \(found), expected FILE@ADDR[:LENGTH[:OFFSET]] with numbers "
        + "such as 0x40000000 or 512M")
  }
}
