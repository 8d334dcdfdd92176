/// SHA-256 of bytes that come piece by piece. Source: FIPS 180-4, sections 4 to 6.
package struct SHA256: Sendable {
  /// Size of a digest in bytes.
  package static let digestSize = 32
  /// What a byte costs that is hashed, in bytes that are looked at.
  package static let cost: UInt64 = 8
  private static let blockSize = 64

  /// The eight working words `a` to `h` between blocks.
  private var state = SIMD8<UInt32>(
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
    0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19)
  /// Bytes that do not fill a block yet.
  private var pending: [UInt8] = []
  private var length: UInt64 = 0

  /// The hash of nothing.
  package init() {
    pending.reserveCapacity(SHA256.blockSize)
  }

  /// The digest of some bytes.
  package static func digest(of bytes: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    unsafe bytes.withUnsafeBytes { unsafe hash.update($0) }
    return hash.finish()
  }

  /// Takes the next bytes.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    length &+= UInt64(bytes.count)
    var start = 0
    if !pending.isEmpty {
      start = min(bytes.count, SHA256.blockSize - pending.count)
      unsafe pending.append(contentsOf: bytes[..<start])
      guard pending.count == SHA256.blockSize else { return }
      unsafe pending.withUnsafeBytes { unsafe SHA256.compress($0, count: 1, into: &state) }
      pending.removeAll(keepingCapacity: true)
    }
    let blocks = (bytes.count - start) / SHA256.blockSize
    let end = start + blocks * SHA256.blockSize
    if blocks > 0 {
      unsafe SHA256.compress(
        UnsafeRawBufferPointer(rebasing: bytes[start..<end]), count: blocks, into: &state)
    }
    unsafe pending.append(contentsOf: bytes[end...])
  }

  /// The digest of all bytes: they are closed with a one bit, zeros and their number of bits.
  package consuming func finish() -> [UInt8] {
    var tail = pending + [0x80]
    let room = tail.count <= SHA256.blockSize - 8 ? SHA256.blockSize : 2 * SHA256.blockSize
    tail += [UInt8](repeating: 0, count: room - 8 - tail.count)
    unsafe withUnsafeBytes(of: (length &* 8).bigEndian) { unsafe tail.append(contentsOf: $0) }
    unsafe tail.withUnsafeBytes {
      unsafe SHA256.compress($0, count: room / SHA256.blockSize, into: &state)
    }
    var digest: [UInt8] = []
    for index in 0..<8 {
      unsafe withUnsafeBytes(of: state[index].bigEndian) { unsafe digest.append(contentsOf: $0) }
    }
    return digest
  }

  /// Takes whole blocks. The message schedule is kept in a ring of 16 words, and each group of
  /// eight rounds ends with the words in the places that they began in, so nothing is moved.
  private static func compress(
    _ bytes: UnsafeRawBufferPointer, count: Int, into state: inout SIMD8<UInt32>
  ) {
    unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { ring in
      guard let w = ring.baseAddress else { return }
      unsafe SHA256.constants.withUnsafeBufferPointer { table in
        guard let k = table.baseAddress, let data = bytes.baseAddress else { return }
        var words = Words(state)
        for block in 0..<count {
          let old = words
          let start = unsafe data + block * blockSize
          for index in 0..<16 {
            let word = unsafe start.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
            unsafe w[index] = UInt32(bigEndian: word)
          }
          unsafe words.eightRounds(w, 0, k)
          unsafe words.eightRounds(w, 8, k + 8)
          for round in stride(from: 16, to: 64, by: 16) {
            unsafe words.eightExpandingRounds(w, 0, k + round)
            unsafe words.eightExpandingRounds(w, 8, k + round + 8)
          }
          words.add(old)
        }
        state = words.vector
      }
    }
  }

  @inline(__always)
  fileprivate static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
    (word &>> count) | (word &<< (32 &- count))
  }

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
    0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
    0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
    0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
    0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
    0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
    0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070, 0x19a4_c116,
    0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
    0xc671_78f2,
  ]
}

/// The eight working words, each in a register of its own.
private struct Words {
  var a, b, c, d, e, f, g, h: UInt32

  init(_ vector: SIMD8<UInt32>) {
    (a, b, c, d) = (vector[0], vector[1], vector[2], vector[3])
    (e, f, g, h) = (vector[4], vector[5], vector[6], vector[7])
  }

  var vector: SIMD8<UInt32> { SIMD8(a, b, c, d, e, f, g, h) }

  mutating func add(_ other: Words) {
    self = Words(vector &+ other.vector)
  }

  /// Eight rounds: the words trade places by their names alone.
  @inline(__always)
  mutating func eightRounds(
    _ w: UnsafeMutablePointer<UInt32>, _ i: Int, _ k: UnsafePointer<UInt32>
  ) {
    unsafe Words.round(a, b, c, &d, e, f, g, &h, w[i] &+ k[0])
    unsafe Words.round(h, a, b, &c, d, e, f, &g, w[i + 1] &+ k[1])
    unsafe Words.round(g, h, a, &b, c, d, e, &f, w[i + 2] &+ k[2])
    unsafe Words.round(f, g, h, &a, b, c, d, &e, w[i + 3] &+ k[3])
    unsafe Words.round(e, f, g, &h, a, b, c, &d, w[i + 4] &+ k[4])
    unsafe Words.round(d, e, f, &g, h, a, b, &c, w[i + 5] &+ k[5])
    unsafe Words.round(c, d, e, &f, g, h, a, &b, w[i + 6] &+ k[6])
    unsafe Words.round(b, c, d, &e, f, g, h, &a, w[i + 7] &+ k[7])
  }

  /// The same with the next words of the message schedule, which take the place of the oldest.
  @inline(__always)
  mutating func eightExpandingRounds(
    _ w: UnsafeMutablePointer<UInt32>, _ i: Int, _ k: UnsafePointer<UInt32>
  ) {
    unsafe Words.round(a, b, c, &d, e, f, g, &h, Words.next(w, i) &+ k[0])
    unsafe Words.round(h, a, b, &c, d, e, f, &g, Words.next(w, i + 1) &+ k[1])
    unsafe Words.round(g, h, a, &b, c, d, e, &f, Words.next(w, i + 2) &+ k[2])
    unsafe Words.round(f, g, h, &a, b, c, d, &e, Words.next(w, i + 3) &+ k[3])
    unsafe Words.round(e, f, g, &h, a, b, c, &d, Words.next(w, i + 4) &+ k[4])
    unsafe Words.round(d, e, f, &g, h, a, b, &c, Words.next(w, i + 5) &+ k[5])
    unsafe Words.round(c, d, e, &f, g, h, a, &b, Words.next(w, i + 6) &+ k[6])
    unsafe Words.round(b, c, d, &e, f, g, h, &a, Words.next(w, i + 7) &+ k[7])
  }

  @inline(__always)
  private static func next(_ w: UnsafeMutablePointer<UInt32>, _ index: Int) -> UInt32 {
    let x = unsafe w[(index &+ 1) & 15]
    let y = unsafe w[(index &+ 14) & 15]
    let low = SHA256.rotate(x, 7) ^ SHA256.rotate(x, 18) ^ (x &>> 3)
    let high = SHA256.rotate(y, 17) ^ SHA256.rotate(y, 19) ^ (y &>> 10)
    let word = unsafe w[index] &+ low &+ w[(index &+ 9) & 15] &+ high
    unsafe w[index] = word
    return word
  }

  @inline(__always)
  private static func round(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32,
    _ e: UInt32, _ f: UInt32, _ g: UInt32, _ h: inout UInt32, _ input: UInt32
  ) {
    let high = SHA256.rotate(e, 6) ^ SHA256.rotate(e, 11) ^ SHA256.rotate(e, 25)
    let first = h &+ high &+ (g ^ (e & (f ^ g))) &+ input
    let low = SHA256.rotate(a, 2) ^ SHA256.rotate(a, 13) ^ SHA256.rotate(a, 22)
    d = d &+ first
    h = first &+ low &+ ((a & b) | (c & (a | b)))
  }
}
