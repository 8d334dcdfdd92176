import Foundation
import VMCore

/// What becomes of an image inside this process: everything that a user could ask for is asked.
struct Probe {
  /// Words for the outcome, equal for equal outcomes.
  let outcome: String
  /// Processor time, since the machine may be busy with other tests.
  let seconds: Double

  /// Far longer than any probe of a small image takes.
  static let limit = 1.0

  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  init(imageAt path: String, isThorough: Bool = false) {
    let start = Probe.processorSeconds
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
      outcome = "header at \(dump.report.header.region ?? "no place")"
    } catch {
      outcome = "\(error.kind)"
    }
    seconds = Probe.processorSeconds - start
  }
}
