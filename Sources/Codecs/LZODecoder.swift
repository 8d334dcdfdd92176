/// Unpacks LZO1X where liblzo2 cannot be used: in a program that is linked statically, or on a
/// machine that lacks it. Format: `Documentation/staging/lzo.rst` of the Linux source.
package final class LZODecoder: Unpacker {
  /// It keeps nothing from one stream to the next.
  package init() {}

  package func unpack(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Int? {
    var run = unsafe LZORun(input, output)
    return run.decode()
  }
}

/// One stream while it is unpacked. Every read and every copy is checked against both buffers.
@safe private struct LZORun {
  private var input: PackedBytes
  private var output: UnpackedBytes
  /// How many literals the instruction before copied: what the next one below 16 means depends on it.
  private var state = Literals.none

  private enum Literals {
    /// None, so that a run of them may begin.
    case none
    /// One to three, as a part of a match.
    case few
    /// A run of at least four.
    case run
  }

  init(_ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer) {
    self.input = unsafe PackedBytes(input)
    self.output = unsafe UnpackedBytes(output)
  }

  mutating func decode() -> Int? {
    guard let first = input.peek() else { return nil }
    if first > 17 {
      _ = input.byte()
      let count = Int(first) - 17
      guard output.copy(count, from: &input) else { return nil }
      state = count < 4 ? .few : .run
    }
    while let code = input.byte() {
      switch step(Int(code)) {
      case .more: continue
      case .end: return output.count
      case .damaged: return nil
      }
    }
    return nil
  }

  private enum Step {
    case more, end, damaged
  }

  private mutating func step(_ code: Int) -> Step {
    switch code {
    case 64...: return near(code)
    case 32...: return middle(code)
    case 16...: return far(code)
    default: return low(code)
    }
  }

  /// A run of literals, or the shortest matches.
  private mutating func low(_ code: Int) -> Step {
    guard state == .none else {
      guard let byte = input.byte() else { return .damaged }
      let isShort = state == .few
      let distance = (code >> 2) + Int(byte) << 2 + (isShort ? 1 : 0x801)
      return match(distance, isShort ? 2 : 3, literals: code & 3)
    }
    guard let count = length(code, mask: 15), output.copy(count + 3, from: &input) else {
      return .damaged
    }
    state = .run
    return .more
  }

  private mutating func near(_ code: Int) -> Step {
    guard let byte = input.byte() else { return .damaged }
    return match(
      (code >> 2) & 7 + Int(byte) << 3 + 1, code >> 5 + 1, literals: code & 3)
  }

  private mutating func middle(_ code: Int) -> Step {
    guard let count = length(code & 31, mask: 31), let place = input.word() else {
      return .damaged
    }
    return match(place >> 2 + 1, count + 2, literals: place & 3)
  }

  private mutating func far(_ code: Int) -> Step {
    guard let count = length(code & 7, mask: 7), let place = input.word() else { return .damaged }
    let distance = (code & 8) << 11 + place >> 2
    // A match with itself ends the stream.
    if distance == 0 { return count == 1 && input.isEmpty ? .end : .damaged }
    return match(distance + 0x4000, count + 2, literals: place & 3)
  }

  /// A length that goes on in the bytes that follow where the instruction has no room for it.
  private mutating func length(_ start: Int, mask: Int) -> Int? {
    guard start == 0 else { return start }
    var count = mask
    while let byte = input.byte() {
      guard byte == 0 else { return count + Int(byte) }
      count += 255
      guard count <= output.room + mask else { return nil }
    }
    return nil
  }

  private mutating func match(_ distance: Int, _ count: Int, literals: Int) -> Step {
    guard output.copyBack(distance, count), output.copy(literals, from: &input) else {
      return .damaged
    }
    state = literals == 0 ? .none : .few
    return .more
  }
}
