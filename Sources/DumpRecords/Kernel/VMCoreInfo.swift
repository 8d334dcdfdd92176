internal import Bytes

/// The `KEY=value` text that a kernel keeps for dump tools.
/// Source: `kernel/crash_core.c`, Documentation/admin-guide/kdump/vmcoreinfo.rst.
package struct VMCoreInfo: Equatable, Sendable {
  /// The text as it stands in the note.
  package let text: [UInt8]
  private let values: [String: String]

  /// The longest text that any known kernel writes is one page; 64 KiB pages exist.
  package static let largestText = 1 << 16

  /// Reads the description of a VMCOREINFO note; of two lines for one key the first holds, as for
  /// makedumpfile and crash. Lines without `=` are passed over, and so is what is no whole line: a
  /// kernel ends each with a line end, and memory that is lost reads as zeros.
  package init(_ text: [UInt8]) {
    self.text = text
    var values: [String: String] = [:]
    let end = text.lastIndex(of: UInt8(ascii: "\n")) ?? text.startIndex
    for line in text[..<end].split(separator: UInt8(ascii: "\n")) {
      guard !line.contains(0), let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let key = String(decoding: line[..<equals], as: UTF8.self)
      if values[key] == nil {
        values[key] = String(decoding: line[(equals + 1)...], as: UTF8.self)
      }
    }
    self.values = values
  }

  /// Whether its last line is not whole.
  package var isCut: Bool { text.last != UInt8(ascii: "\n") }

  /// Whether it begins as every kernel since 2.6.24 writes it.
  package static func isPlausible(_ text: some Sequence<UInt8>) -> Bool {
    text.starts(with: Array("OSRELEASE=".utf8))
  }

  /// The value of a key, as text.
  package subscript(key: String) -> String? { values[key] }

  /// `SYMBOL(name)=`: a run-time virtual address, hexadecimal.
  package func symbol(_ name: String) -> UInt64? { hexadecimal("SYMBOL(\(name))") }

  /// The values of all symbols, in no order.
  package var symbols: [UInt64] {
    values.compactMap { key, value in
      key.hasPrefix("SYMBOL(") ? UInt64(value, radix: 16) : nil
    }
  }

  /// `NUMBER(name)=`: signed decimal, or hexadecimal behind `0x`; as a bit pattern.
  package func number(_ name: String) -> UInt64? {
    guard let value = values["NUMBER(\(name))"] else { return nil }
    if value.hasPrefix("0x") { return UInt64(value.dropFirst(2), radix: 16) }
    return Int64(value).map { UInt64(bitPattern: $0) } ?? UInt64(value)
  }

  /// `OFFSET(type.member)=`, `SIZE(type)=` or `LENGTH(array)=`: unsigned decimal.
  package func decimal(_ key: String) -> UInt64? { values[key].flatMap { UInt64($0) } }

  /// A hexadecimal value, with or without `0x`.
  package func hexadecimal(_ key: String) -> UInt64? {
    values[key].flatMap { UInt64($0.hasPrefix("0x") ? $0.dropFirst(2) : $0[...], radix: 16) }
  }

  /// `OSRELEASE`: what `uname -r` printed.
  package var release: String? { values["OSRELEASE"] }

  /// `PAGESIZE`, where it is a power of two that Linux has: 4 KiB to 256 KiB.
  package var pageSize: UInt64? {
    decimal("PAGESIZE").flatMap { VMCoreInfo.isPageSize($0) ? $0 : nil }
  }

  /// Whether Linux has pages of that size.
  package static func isPageSize(_ size: UInt64) -> Bool {
    (4096...262_144).contains(size) && size.nonzeroBitCount == 1
  }

  /// `CRASHTIME`: seconds since 1970, written only on the way into the second kernel.
  package var crashTime: UInt64? { decimal("CRASHTIME") }

  /// What of a text no kernel writes, which its bytes tell before it is taken apart.
  package static func fault(ofText text: [UInt8]) -> String? {
    if text.last != UInt8(ascii: "\n") { return "its text does not end in a line end" }
    if let odd = text.first(where: { !(0x20..<0x7f).contains($0) && $0 != 0x0a }) {
      return "its text holds the byte \(UInt64(odd).hex)"
    }
    return nil
  }

  /// Why the text cannot be a kernel's, or nil where it can: printable lines, a page size, and
  /// where the kernel lies.
  package var fault: String? {
    if release == nil { return "it has no OSRELEASE" }
    if let fault = VMCoreInfo.fault(ofText: text) { return fault }
    if pageSize == nil { return "it has no PAGESIZE that Linux could have" }
    if symbol("_stext") == nil && symbol("swapper_pg_dir") == nil {
      return "it has neither SYMBOL(_stext) nor SYMBOL(swapper_pg_dir)"
    }
    return nil
  }
}
