/// The version at the start of `uname -r`: `6.1.0-56-amd64` is 6.1.
package struct KernelRelease: Comparable, Sendable {
  /// The first number.
  package let major: Int
  /// The second number.
  package let minor: Int

  /// A release by its numbers.
  package init(_ major: Int, _ minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// Reads the first two numbers; nil where the text does not begin with them.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, let major = Int(parts[0]),
      let minor = Int(parts[1].prefix { $0.isASCII && $0.isNumber }), major >= 0
    else { return nil }
    self.major = major
    self.minor = minor
  }

  /// Orders releases by their numbers.
  package static func < (left: KernelRelease, right: KernelRelease) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }
}

extension KernelRelease: CustomStringConvertible {
  /// `6.12`
  package var description: String { "\(major).\(minor)" }
}
