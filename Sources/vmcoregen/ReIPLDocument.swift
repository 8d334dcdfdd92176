import VMCore

/// A re-IPL block, decoded: in the terms of `/sys/firmware/reipl`, and field by field.
struct ReIPLDocument {
  private let block: CrashReport.ReIPL

  init(_ block: CrashReport.ReIPL) {
    self.block = block
  }

  /// One `name value` a line: the files below `/sys/firmware/reipl`.
  var lines: [(name: String, value: String)] {
    block.attributes.map { ($0.name, $0.value) }
      + (block.clears.map { [("clear", $0 ? "1" : "0")] } ?? [])
  }

  /// The lines, then every field of the block; control characters are made visible.
  var text: String {
    let fields = block.fields.map { (name: $0.name, value: $0.value) }
    let all = [("source", block.source)] + lines + fields
    return all.map { PrintableText.line("\($0.0)=\($0.1)") + "\n" }.joined()
  }

  /// The same in the stable form that the manual describes.
  var json: JSONValue {
    .object([
      ("source", .string(block.source)),
      ("last_ipl", .boolean(block.isLastIPL)),
      ("clear", block.clears.map { .boolean($0) } ?? .null),
      ("size", .number(UInt64(block.bytes.count))),
      ("reipl", .object(block.attributes.map { ($0.name, .string($0.value)) })),
      ("fields", .object(block.fields.map { ($0.name, .string($0.value)) })),
    ])
  }
}
