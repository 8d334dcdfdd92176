import Foundation
import TestSupport

/// Writes a file of each kind that is made to cost whoever reads it; small ones as the fuzz target
/// `program` reads them.
@main
enum MakeHostile {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let isForFuzzing = arguments.first == "--fuzz"
    guard arguments.count == (isForFuzzing ? 2 : 1), let folder = arguments.last else {
      fail("usage: make-hostile [--fuzz] FOLDER", status: 64)
    }
    do {
      for file in HostileFile.all(isForFuzzing ? 0.01 : 1) {
        let path = "\(folder)/\(file.name)"
        if isForFuzzing {
          try Data(file.pieces).write(to: URL(fileURLWithPath: path))
        } else {
          try file.write(to: path)
        }
      }
    } catch {
      fail("make-hostile: \(error)", status: 73)
    }
  }

  private static func fail(_ message: String, status: Int32) -> Never {
    FileHandle.standardError.write(Data((message + "\n").utf8))
    exit(status)
  }
}
