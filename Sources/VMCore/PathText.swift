internal import Bytes

/// File names are bytes; the paths of this library are texts that hold those that are no UTF-8, too,
/// each in a scalar of its own from U+10FF00 on.
///
/// ```swift
/// let path = PathText.text(of: [0x76, 0x6d, 0xff])
/// try dump.write(toFileAt: path)
/// ```
public enum PathText {
  /// The text of a name.
  public static func text(of bytes: some Collection<UInt8>) -> String { FileName.text(of: bytes) }

  /// The name that a text stands for.
  public static func bytes(of text: String) -> [UInt8] { FileName.bytes(of: text) }

  /// The byte that a scalar of such a text stands for; nil for one that stands for itself.
  public static func byte(of scalar: Unicode.Scalar) -> UInt8? {
    scalar.value >= FileName.firstScalar
      ? UInt8(truncatingIfNeeded: scalar.value - FileName.firstScalar) : nil
  }
}
