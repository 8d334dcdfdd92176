import Foundation

/// A program that is not part of the package: tests that need one are skipped where it is absent,
/// unless `VMCOREGEN_REQUIRE_TOOLS=1` asks for it.
package struct OutsideTool: Sendable {
  /// Where it lies.
  package let path: String

  /// The program of a name; nil where it is not installed.
  package init?(_ name: String) {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
      .split(separator: ":")
    let places = folders.map { "\($0)/\(name)" }
    guard let path = places.first(where: FileManager.default.isExecutableFile) else { return nil }
    self.path = path
  }

  /// Whether the absence of a tool is a failure.
  package static let isRequired =
    ProcessInfo.processInfo.environment["VMCOREGEN_REQUIRE_TOOLS"] == "1"

  /// Whether tests that need a tool run: it is there, or its absence is a failure.
  package static func isWanted(_ name: String) -> Bool { isRequired || OutsideTool(name) != nil }

  /// The Python that has a module: that of the system, or the first in PATH.
  package static func python(with module: String) throws -> OutsideTool? {
    for tool in [OutsideTool(path: "/usr/bin/python3"), OutsideTool("python3")].compactMap({ $0 })
    where try tool.run(["-c", "import \(module)"]).status == 0 {
      return tool
    }
    return nil
  }

  private init?(path: String) {
    guard FileManager.default.isExecutableFile(atPath: path) else { return nil }
    self.path = path
  }

  /// Runs it and returns its status and what it printed.
  package func run(
    _ arguments: [String], input: String? = nil
  ) throws -> (status: Int32, output: [UInt8]) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    process.standardInput =
      try input.map { try FileHandle(forReadingFrom: URL(fileURLWithPath: $0)) }
      ?? FileHandle.nullDevice
    try process.run()
    let output = [UInt8](pipe.fileHandleForReading.readDataToEndOfFile())
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }
}
