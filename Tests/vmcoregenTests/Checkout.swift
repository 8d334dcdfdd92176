import Foundation
import TestSupport

/// Where things lie: the package, the built program, what the tests may use beside them.
enum Checkout {
  /// The package's root.
  static let root = RecipeFiles.packageRoot

  /// The program beside the test bundle; `VMCOREGEN_PROGRAM` names another, such as the
  /// optimised one.
  static let program: String = {
    if let named = environment["VMCOREGEN_PROGRAM"] {
      return named.hasPrefix("/") ? named : root + "/" + named
    }
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
    let places = [bundle, root + "/.build/debug"].map { $0 + "/vmcoregen" }
    return places.first { FileManager.default.isExecutableFile(atPath: $0) } ?? places[1]
  }()

  static let environment = ProcessInfo.processInfo.environment

  /// The folder that is handed out beside the package; nil where it is not there.
  static let shared = RecipeFiles.shared("")

  /// The unpacked real images, where the environment names them.
  static let images: String? = environment["VMCOREGEN_IMAGES"].flatMap {
    FileManager.default.fileExists(atPath: $0) ? $0 : nil
  }

  /// The names, without extension, of the files of a folder below the root.
  static func names(in folder: String, withExtension suffix: String) -> [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: root + "/" + folder)) ?? []
    return files.filter { $0.hasSuffix("." + suffix) }
      .map { String($0.dropLast(suffix.count + 1)) }.sorted()
  }

  /// The text of a file below the root.
  static func text(of path: String) throws -> String {
    try String(contentsOfFile: root + "/" + path, encoding: .utf8)
  }
}
