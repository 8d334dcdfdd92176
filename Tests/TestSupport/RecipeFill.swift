/// What a recipe puts into a range of memory.
package struct RecipeFill: Sendable, Equatable {
  /// The kind of content.
  package enum Content: Sendable, Equatable {
    /// Zeros.
    case zero
    /// One byte again and again.
    case byte(UInt8)
    /// Each aligned 8-byte word holds its own address.
    case counter
    /// Random bytes of a seed.
    case random(seed: UInt64)
    /// A text, again and again.
    case text(String)
  }

  /// The addresses.
  package var range: Range<UInt64>
  /// The content.
  package var content: Content

  /// The bytes of a part of the range, in the byte order of the machine.
  func bytes(in part: Range<UInt64>, order: RecipeOrder) -> [UInt8] {
    let count = Int(part.upperBound - part.lowerBound)
    switch content {
    case .zero: return [UInt8](repeating: 0, count: count)
    case .byte(let byte): return [UInt8](repeating: byte, count: count)
    case .counter:
      return words(in: part) { order == .little ? $0 : $0.byteSwapped }
    case .random(let seed):
      return words(in: part) { SeededGenerator(seed: seed ^ $0 &* 0x9e37_79b9).peek() }
    case .text(let text):
      let letters = Array(text.utf8)
      guard !letters.isEmpty else { return [UInt8](repeating: 0, count: count) }
      return (0..<count).map {
        letters[Int((part.lowerBound - range.lowerBound + UInt64($0)) % UInt64(letters.count))]
      }
    }
  }

  private func words(in part: Range<UInt64>, _ word: (UInt64) -> UInt64) -> [UInt8] {
    let first = part.lowerBound & ~7
    let count = Int((part.upperBound - first + 7) / 8)
    let whole = unsafe [UInt8](unsafeUninitializedCapacity: count * 8) { buffer, filled in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      for index in 0..<count {
        let value = word(first + UInt64(index) * 8).littleEndian
        unsafe raw.storeBytes(of: value, toByteOffset: index * 8, as: UInt64.self)
      }
      filled = count * 8
    }
    let skip = Int(part.lowerBound - first)
    return Array(whole[skip..<skip + Int(part.upperBound - part.lowerBound)])
  }
}
