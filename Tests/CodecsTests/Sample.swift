import TestSupport

/// Pieces of memory to pack.
enum Sample {
  static let zeros = [UInt8](repeating: 0, count: 4096)
  static let text = Array(String(repeating: "the crashed kernel ", count: 200).utf8)
  static let noise: [UInt8] = {
    var generator = SeededGenerator(seed: 7)
    return (0..<4096).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }()
  static let pieces = [zeros, text, noise, text, [7]]
}
