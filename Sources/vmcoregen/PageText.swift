import VMCore

/// `info --pages`: what pages were used for, and what each level would leave.
enum PageText {
  /// For people.
  static func text(_ report: PageReport) -> String {
    var text = "\npages\n"
    func line(_ name: String, _ value: String) {
      text += "  " + name + String(repeating: " ", count: max(1, 18 - name.count)) + value + "\n"
    }
    line("all", "\(report.frames) of \(report.pageSize) bytes (\(report.memoryModel))")
    for item in report.classes { line(item.name, "\(item.pages), of them \(item.zero) zero") }
    if report.unreadable > 0 {
      line("not told", "\(report.unreadable), which count as the kernel's")
    }
    for refusal in report.refusals { line("refused", refusal) }
    for warning in report.warnings { line("warning", Wording.text(warning)) }
    text += "\nlevels\n"
    for item in report.levels {
      line(
        item.level.description,
        "\(item.pages) pages, \(item.pages.multipliedReportingOverflow(by: report.pageSize).0) bytes"
      )
    }
    return text
  }

  /// Where nothing can be told, for people and for programs.
  static func text(_ failure: VMCoreError) -> String {
    "\npages\n  unknown           \(Wording.text(failure.message))\n"
  }

  static func json(_ failure: VMCoreError) -> JSONValue {
    .object([("refusals", .array([.string(Wording.text(failure.message))]))])
  }

  /// For programs.
  static func json(_ report: PageReport) -> JSONValue {
    .object([
      ("page_size", .number(report.pageSize)), ("frames", .number(report.frames)),
      ("memory_model", .string(report.memoryModel)),
      (
        "classes",
        .array(
          report.classes.map {
            .object([
              ("name", .string($0.name)), ("pages", .number($0.pages)), ("zero", .number($0.zero)),
            ])
          })
      ),
      ("unreadable", .number(report.unreadable)),
      (
        "levels",
        .array(
          report.levels.map {
            .object([
              ("level", .number(UInt64($0.level.rawValue))), ("pages", .number($0.pages)),
            ])
          })
      ),
      ("refusals", .array(report.refusals.map { .string($0) })),
      ("warnings", .array(report.warnings.map { .string(Wording.text($0)) })),
    ])
  }
}
