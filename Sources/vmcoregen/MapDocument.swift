import VMCore

/// `map --json`: the form is stable, members are only ever added. The manual describes it.
struct MapDocument {
  /// The whole document.
  let json: JSONValue

  init(_ map: MemoryMap) {
    json = .object([
      ("schema", .number(InfoDocument.version)),
      ("image", .string(map.image)),
      ("parts", .array(map.parts.map(MapDocument.value))),
    ])
  }

  private static func value(_ part: MemoryMap.Part) -> JSONValue {
    .object([
      ("kind", .string(String(part.kind.rawValue.map { $0 == " " ? "_" : $0 }))),
      ("bytes", .number(part.size)),
      (
        "ranges",
        .array(
          part.ranges.map { range in
            .object([("start", .address(range.lowerBound)), ("end", .address(range.upperBound))])
          })
      ),
    ])
  }
}
