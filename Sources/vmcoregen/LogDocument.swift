import VMCore

/// `dmesg --json`: the form is stable, members are only ever added. The manual describes it.
struct LogDocument {
  /// Up to the first record.
  func start(_ log: KernelLog) -> String {
    "{\n  \"schema\": \(InfoDocument.version),\n  \"image\": \(JSONValue.string(log.image).text),\n"
      + "  \"form\": \(JSONValue.string(log.form.rawValue).text),\n  \"records\": ["
  }

  /// One record.
  func text(_ record: KernelLog.Record, isFirst: Bool) -> String {
    (isFirst ? "\n    " : ",\n    ") + value(record).text(indent: "    ")
  }

  /// What comes behind the last record.
  func end(_ log: KernelLog, isEmpty: Bool) -> String {
    let rest: [(String, JSONValue)] = [
      ("unfinished", .number(UInt64(log.unfinished))),
      ("overwritten", .number(UInt64(log.overwritten))),
      ("damage", .array(log.damage.map { .string($0) })),
      ("damage_count", .number(UInt64(log.damageCount))),
    ]
    let members = rest.map { ",\n  \"\($0.0)\": \($0.1.text(indent: "  "))" }.joined()
    return (isEmpty ? "]" : "\n  ]") + members + "\n}\n"
  }

  private func value(_ record: KernelLog.Record) -> JSONValue {
    .object([
      ("sequence", .optional(record.sequence)),
      ("time_ns", .optional(record.nanoseconds)),
      ("facility", .optional(record.facility.map(KernelLog.name(ofFacility:)))),
      ("level", .optional(record.level?.rawValue)),
      ("caller", .optional(record.caller?.description)),
      (
        "text",
        record.condition == .lost ? .null : .string(String(decoding: record.text, as: UTF8.self))
      ),
      ("condition", .string(record.condition.rawValue)),
      ("fields", .object(record.fields.map { ($0.name, .string($0.value)) })),
    ])
  }
}
