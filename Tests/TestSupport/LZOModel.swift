/// LZO1X streams, packed as `Documentation/staging/lzo.rst` of the Linux source says and by no
/// library: every instruction but the match of two bytes occurs where the bytes allow it.
package enum LZOModel {
  /// One stream with its end.
  package static func stream(_ bytes: [UInt8]) -> [UInt8] {
    var packed: [UInt8] = []
    // Whether the instruction before was a match, or a run of at least four literals.
    var isAfterMatch = false
    var isAfterRun = false
    for part in MatchFinder.parts(of: bytes, longest: 600, shortest: 3, farthest: 0xbfff) {
      switch part {
      case .literals(let literals):
        isAfterRun = literals.count > 3
        if isAfterMatch, literals.count < 4 {
          // The low bits of the last byte but one of any match count them.
          packed[packed.count - 2] |= UInt8(literals.count)
        } else if packed.isEmpty, literals.count <= 238 {
          packed.append(UInt8(17 + literals.count))
        } else {
          packed +=
            literals.count <= 18 ? [UInt8(literals.count - 3)] : [0] + rest(literals.count - 18)
        }
        packed += literals
        isAfterMatch = false
      case .match(let distance, let count):
        packed +=
          isAfterRun && count == 3 && 2049...3072 ~= distance
          ? low(distance - 2049) : match(distance, count)
        (isAfterMatch, isAfterRun) = (true, false)
      }
    }
    return packed + [17, 0, 0]
  }

  /// Three bytes that are repeated behind a run of literals.
  private static func low(_ place: Int) -> [UInt8] {
    [UInt8((place & 3) << 2), UInt8(place >> 2)]
  }

  private static func match(_ distance: Int, _ count: Int) -> [UInt8] {
    if count <= 8, distance <= 2048 {
      let place = distance - 1
      return [UInt8((count - 1) << 5 | (place & 7) << 2), UInt8(place >> 3)]
    }
    if distance <= 16_384 {
      let head = count <= 33 ? [UInt8(32 | (count - 2))] : [32] + rest(count - 33)
      return head + SnappyModel.little((distance - 1) << 2, 2)
    }
    let place = distance - 16_384
    let high = UInt8((place >> 14) << 3)
    let head = count <= 9 ? [16 | high | UInt8(count - 2)] : [16 | high] + rest(count - 9)
    return head + SnappyModel.little((place & 0x3fff) << 2, 2)
  }

  /// What a length has above the most that its instruction holds.
  private static func rest(_ count: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: (count - 1) / 255) + [UInt8((count - 1) % 255 + 1)]
  }
}
