internal import DumpRecords

/// How much work the look-alikes of one image may cause, so that an image full of them cannot
/// keep the program busy. Real images stay far below: a machine of 8192 CPUs with ten copies of
/// its header takes a sixth of it.
struct ExaminationBudget {
  /// Bytes of program header tables that may still be read.
  var tableBytes = 12 << 20
  /// Program headers that may still be looked at, counted once for each layout.
  var segments = 500_000
  /// Notes that may still be walked.
  var notes = 1_000_000

  /// Whether a table of that size may be read.
  mutating func take(tableOf header: ELFHeader) -> Bool {
    ExaminationBudget.take(header.sizeWithTable, from: &tableBytes)
  }

  /// Whether the program headers may be looked at.
  mutating func take(segmentsOf header: CoreHeader) -> Bool {
    ExaminationBudget.take(header.segments.count, from: &segments)
  }

  private static func take(_ count: Int, from budget: inout Int) -> Bool {
    guard count <= budget else { return false }
    budget -= count
    return true
  }
}
