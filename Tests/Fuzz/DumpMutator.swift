/// Mutates dump files where they hold something: most of their bytes are zeros between headers,
/// which libFuzzer would mutate as gladly.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(
  _ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32
) -> Int {
  var random = MutatorRandom(state: UInt64(seed))
  guard count > 64, random.below(8) > 0 else { return mutateAnywhere(data, count, limit) }
  for _ in 0...random.below(3) {
    let place = usedPlace(in: UnsafeBufferPointer(start: data, count: count), &random)
    if random.below(2) == 0 {
      putNumber(UnsafeMutableBufferPointer(start: data, count: count), at: place, &random)
    } else {
      let window = min(64, count - place)
      var copy = [UInt8](UnsafeBufferPointer(start: data + place, count: window))
      let size = copy.withUnsafeMutableBufferPointer { buffer in
        buffer.baseAddress.map { mutateAnywhere($0, window, window) } ?? 0
      }
      for index in 0..<min(size, window) { data[place + index] = copy[index] }
    }
  }
  return count
}

@_silgen_name("LLVMFuzzerMutate")
private func mutateAnywhere(
  _ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int
) -> Int

/// A place with a byte that is not zero within reach.
private func usedPlace(
  in bytes: UnsafeBufferPointer<UInt8>, _ random: inout MutatorRandom
) -> Int {
  let reach = 16
  for _ in 0..<256 {
    let place = random.below(bytes.count)
    let near = max(0, place - reach)..<min(bytes.count, place + reach)
    if bytes[near].contains(where: { $0 != 0 }) { return place }
  }
  return random.below(bytes.count)
}

/// An integer of any width and byte order that limits are made for.
private func putNumber(
  _ bytes: UnsafeMutableBufferPointer<UInt8>, at place: Int, _ random: inout MutatorRandom
) {
  let width = [2, 4, 8][random.below(3)]
  let start = random.below(4) == 0 ? place : place / 4 * 4
  let numbers: [UInt64] = [
    0, 1, .max, 1 << 63, 1 << 63 - 1, 1 << 62, 1 << 56, 1 << 44, 1 << 32, 1 << 32 - 1, 1 << 31,
    1 << 31 - 1, 4096, 8192, 65_536, UInt64(bytes.count), UInt64(bytes.count) &- 4096,
    UInt64(random.below(bytes.count)), UInt64(random.below(256)),
  ]
  let number = numbers[random.below(numbers.count)] &+ UInt64(random.below(2))
  let isBig = random.below(2) == 0
  for index in 0..<width where start + index < bytes.count {
    let shift = UInt64(isBig ? width - 1 - index : index) * 8
    bytes[start + index] = UInt8(truncatingIfNeeded: number >> shift)
  }
}

/// SplitMix64.
private struct MutatorRandom {
  var state: UInt64

  mutating func below(_ limit: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return Int((value ^ (value >> 31)) % UInt64(max(1, limit)))
  }
}
