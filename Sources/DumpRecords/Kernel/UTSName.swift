package import Bytes

/// What `uname -a` printed: `struct new_utsname` (`include/uapi/linux/utsname.h`).
package struct UTSName: Equatable, Sendable {
  package var system = ""  // sysname
  package var node = ""  // nodename
  package var release = ""  // release
  package var version = ""  // version
  package var machine = ""  // machine
  package var domain = ""  // domainname

  /// Size of one field, its NUL included.
  package static let fieldSize = 65
  /// Size of the six fields.
  package static let size = 6 * fieldSize

  /// All six empty.
  package init() {}

  /// Reads the six fields; each ends at its first NUL.
  package init(from reader: inout ByteReader) throws(ShortRecord) {
    system = try UTSName.field(&reader)
    node = try UTSName.field(&reader)
    release = try UTSName.field(&reader)
    version = try UTSName.field(&reader)
    machine = try UTSName.field(&reader)
    domain = try UTSName.field(&reader)
  }

  /// Appends the six fields; each is cut to 64 bytes.
  package func write(to writer: inout ByteWriter) {
    for field in [system, node, release, version, machine, domain] {
      let text = Array(field.utf8.prefix(UTSName.fieldSize - 1))
      writer.write(contentsOf: text)
      writer.write(contentsOf: repeatElement(0, count: UTSName.fieldSize - text.count))
    }
  }

  private static func field(_ reader: inout ByteReader) throws(ShortRecord) -> String {
    String(decoding: try reader.take(fieldSize).prefix { $0 != 0 }, as: UTF8.self)
  }
}
