import VMCore

/// What a filter leaves out, for people.
struct FilterText {
  private let report: FilterReport

  init(_ report: FilterReport) {
    self.report = report
  }

  /// Each class that is left out with its number of pages.
  private var classes: [(name: String, pages: UInt64?)] {
    [
      ("zero", report.zero), ("cache", report.cache), ("private", report.privateCache),
      ("user", report.user), ("free", report.free), ("hwpoison", report.poisoned),
      ("offline", report.offline),
    ]
  }

  /// What would be written, a name and a value on each line.
  static func forecast(of planned: PlannedOutput) -> String {
    var text = ""
    func line(_ name: String, _ value: String) {
      text += name + String(repeating: " ", count: max(1, 16 - name.count)) + value + "\n"
    }
    if let report = planned.filter {
      line("dump level", report.level.description)
      line("pages", "\(report.frames) of \(report.pageSize) bytes")
      for (name, pages) in FilterText(report).classes {
        line("  \(name)", pages.map { "\($0)" } ?? "known when pages are packed")
      }
      line("remaining", "\(report.remaining)")
    }
    line("size", planned.size.map { "\($0) bytes" } ?? "at most \(planned.work) bytes of memory")
    return text
  }

  /// All of it in one line.
  var line: String {
    let parts = classes.compactMap { name, pages in pages.map { "\(name) \($0)" } }
    return "dump level \(report.level): of \(report.frames) pages \(report.excluded) are left out: "
      + parts.joined(separator: ", ")
  }
}
