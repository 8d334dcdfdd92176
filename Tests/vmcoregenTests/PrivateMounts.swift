import Foundation
import TestConditions
import TestSupport
import Testing

/// Lines of the shell that may mount, in a mount namespace of their own: nothing is left of it.
enum PrivateMounts {
  /// What makes the namespace, for root and for other users; nil where neither works.
  private static let maker: String? = {
    guard let scratch = try? TemporaryDirectory() else { return nil }
    return ["unshare -m", "unshare -rm"].first { maker in
      let line = "\(maker) mount -t tmpfs none \(scratch.path)"
      return (try? Launch.shell(line, in: scratch).run())?.status == 0
    }
  }()

  /// Runs a line in which the directory `small` can be mounted on. Where that cannot be done, the
  /// test is skipped.
  static func run(_ line: String, in scratch: TemporaryDirectory) throws -> Finished {
    guard let maker else {
      try OutsideTool.absent("unshare with a mount namespace")
      throw LaunchError("no mount namespace can be made")
    }
    try FileManager.default.createDirectory(
      atPath: scratch.path("small"), withIntermediateDirectories: true)
    let script = scratch.path("small.sh")
    try line.write(toFile: script, atomically: false, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: script) }
    return try Launch.shell("\(maker) sh small.sh", in: scratch).run()
  }
}
