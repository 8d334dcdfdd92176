import Foundation
import VMCore

/// What becomes of an image inside this process: everything that a user could ask for is asked.
struct Probe {
  /// Words for the outcome, equal for equal outcomes.
  let outcome: String
  let seconds: Double

  /// Longer than any probe of a small image takes on a busy machine.
  static let limit = 1.0

  init(imageAt path: String, isThorough: Bool = false) {
    let start = Date()
    do throws(VMCoreError) {
      var options = CrashDumpOptions()
      options.workers = 1
      options.isThorough = isThorough
      let dump = try CrashDump(imageAt: path, options: options)
      for part in ExtractedPart.allCases { _ = try? dump.extract(part) }
      let size = dump.size
      _ = try dump.bytes(at: 0, count: 16_384)
      _ = try dump.bytes(at: size / 2, count: 4096)
      _ = try dump.bytes(at: size - min(size, 4096), count: 8192)
      outcome = "header at \(dump.report.header.region)"
    } catch {
      outcome = "\(error.kind)"
    }
    seconds = Date().timeIntervalSince(start)
  }
}
