import Glibc
import VMCore

/// `FILE@ADDR,FILE@ADDR`, as crash takes it: addresses are hexadecimal.
enum PlacedFiles {
  /// The options that say the same; nil where it is the name of a file, or nothing of the kind.
  static func segments(_ argument: String) -> String? {
    let name = PathText.bytes(of: argument).map(CChar.init(bitPattern:)) + [0]
    guard argument.contains("@"), unsafe access(name, F_OK) != 0 else { return nil }
    var options: [String] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let at = part.lastIndex(of: "@"), at != part.startIndex else { return nil }
      let text = part[part.index(after: at)...]
      let digits = text.lowercased().hasPrefix("0x") ? text.dropFirst(2) : text
      guard !digits.isEmpty, digits.utf8.count <= 16, digits.allSatisfy(\.isHexDigit) else {
        return nil
      }
      options.append("--segment \(part[..<at])@0x\(digits)")
    }
    return options.joined(separator: " ")
  }
}
