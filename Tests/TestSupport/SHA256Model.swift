/// SHA-256 (FIPS 180-4), written down plainly.
package enum SHA256Model {
  private static let constants: [UInt32] = roots(count: 64, power: 3)
  private static let start: [UInt32] = roots(count: 8, power: 2)

  /// The digest of a message.
  package static func digest(_ message: [UInt8]) -> [UInt8] {
    var bytes = message + [0x80]
    while bytes.count % 64 != 56 { bytes.append(0) }
    bytes += RecipeOrder.big.bytes(UInt64(message.count) * 8, width: 8)
    var state = start
    for block in stride(from: 0, to: bytes.count, by: 64) {
      compress(&state, bytes[block..<block + 64])
    }
    return state.flatMap { RecipeOrder.big.bytes(UInt64($0), width: 4) }
  }

  private static func compress(_ state: inout [UInt32], _ block: ArraySlice<UInt8>) {
    var words: [UInt32] = []
    for index in stride(from: block.startIndex, to: block.endIndex, by: 4) {
      words.append(block[index..<index + 4].reduce(0) { $0 << 8 | UInt32($1) })
    }
    for index in 16..<64 {
      let a = words[index - 15]
      let b = words[index - 2]
      let s0 = turned(a, 7) ^ turned(a, 18) ^ (a >> 3)
      let s1 = turned(b, 17) ^ turned(b, 19) ^ (b >> 10)
      words.append(words[index - 16] &+ s0 &+ words[index - 7] &+ s1)
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for index in 0..<64 {
      let s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)
      let first = h &+ s1 &+ ((e & f) ^ (~e & g)) &+ constants[index] &+ words[index]
      let s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)
      let second = s0 &+ ((a & b) ^ (a & c) ^ (b & c))
      (h, g, f, e) = (g, f, e, d &+ first)
      (d, c, b, a) = (c, b, a, first &+ second)
    }
    let rounds = [a, b, c, d, e, f, g, h]
    for index in 0..<8 { state[index] = state[index] &+ rounds[index] }
  }

  private static func turned(_ value: UInt32, _ count: UInt32) -> UInt32 {
    value >> count | value << (32 - count)
  }

  /// The first 32 bits of the fractional parts of the square or cube roots of the first primes.
  private static func roots(count: Int, power: Int) -> [UInt32] {
    var primes: [UInt64] = []
    var candidate: UInt64 = 2
    while primes.count < count {
      if !primes.contains(where: { candidate % $0 == 0 }) { primes.append(candidate) }
      candidate += 1
    }
    return primes.map { prime in
      // The largest root with root^power <= prime * 2^(32 * power), bit by bit.
      var root: UInt64 = 0
      for bit in (0..<37).reversed() {
        let trial = root | 1 << UInt64(bit)
        if raised(trial, power) <= UInt128(prime) << UInt128(32 * power) { root = trial }
      }
      return UInt32(truncatingIfNeeded: root)
    }
  }

  private static func raised(_ value: UInt64, _ power: Int) -> UInt128 {
    (0..<power).reduce(UInt128(1)) { product, _ in product * UInt128(value) }
  }
}
