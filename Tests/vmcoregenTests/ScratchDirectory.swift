import Foundation
import TestSupport

/// A directory of a test's own, removed with everything in it.
final class ScratchDirectory {
  let path: String

  init() throws {
    var name = Array((NSTemporaryDirectory() + "/vmcoregen-test-XXXXXX").utf8CString)
    guard mkdtemp(&name) != nil else { throw LaunchError("no temporary directory can be made") }
    // Without double slashes and symbolic links, so that it can be found in /proc/mounts.
    guard let resolved = realpath(name, nil) else { throw LaunchError("no path of \(name)") }
    defer { free(resolved) }
    path = String(cString: resolved)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The whole path of a file in it.
  func file(_ name: String) -> String { path + "/" + name }

  /// Every name in it, hidden ones too.
  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  /// Writes the image of a recipe.
  @discardableResult
  func add(_ recipe: String, as name: String = "image.bin") throws -> BuiltImage {
    let image = try Checkout.image(of: recipe)
    try image.write(to: file(name))
    return image
  }

  /// Writes bytes.
  func write(_ bytes: [UInt8], to name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
  }

  /// The bytes of a file.
  func bytes(of name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: file(name))))
  }
}
