/// The packed bytes that a decoder of this program reads in order, and never beyond their end.
@safe struct PackedBytes {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    unsafe self.bytes = bytes
  }

  var isEmpty: Bool { left == 0 }

  private var left: Int { unsafe bytes.count - position }

  /// The next byte, which stays the next.
  func peek() -> UInt8? {
    left > 0 ? unsafe bytes[position] : nil
  }

  mutating func byte() -> UInt8? {
    guard left > 0 else { return nil }
    defer { position += 1 }
    return unsafe bytes[position]
  }

  /// Two bytes, the low one first.
  mutating func word() -> Int? { number(2) }

  /// Up to four bytes, the lowest first.
  mutating func number(_ count: Int) -> Int? {
    guard left >= count else { return nil }
    var number = 0
    for index in 0..<count { number |= Int(unsafe bytes[position + index]) << (8 * index) }
    position += count
    return number
  }

  /// The next `count` bytes as they are; nil where there are not so many.
  mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
    guard count >= 0, count <= left else { return nil }
    defer { position += count }
    return unsafe UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }
}

/// What a decoder of this program makes of them, never more than there is room for.
@safe struct UnpackedBytes {
  private let bytes: UnsafeMutableRawBufferPointer
  private(set) var count = 0

  init(_ bytes: UnsafeMutableRawBufferPointer) {
    unsafe self.bytes = bytes
  }

  /// Bytes that can still be added.
  var room: Int { unsafe bytes.count - count }

  /// Adds bytes as they are; false where there are too few, or there is no room.
  mutating func copy(_ length: Int, from input: inout PackedBytes) -> Bool {
    guard length > 0 else { return length == 0 }
    guard length <= room, let part = unsafe input.take(length) else { return false }
    unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[count..<count + length])
      .copyMemory(from: part)
    count += length
    return true
  }

  /// Adds what was added `distance` bytes ago, byte after byte, for it may be added by this.
  mutating func copyBack(_ distance: Int, _ length: Int) -> Bool {
    guard distance > 0, distance <= count, length <= room, let start = unsafe bytes.baseAddress
    else {
      return false
    }
    let target = unsafe start + count
    let source = unsafe target - distance
    if distance >= length {
      unsafe target.copyMemory(from: source, byteCount: length)
    } else {
      // What is there is repeated; each copy doubles it.
      var done = 0
      var period = distance
      while done < length {
        let part = min(period, length - done)
        unsafe (target + done).copyMemory(from: source, byteCount: part)
        done += part
        period = distance + done
      }
    }
    count += length
    return true
  }
}
