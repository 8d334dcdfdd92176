internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// A snapshot of cloud-hypervisor: the file `memory-ranges`, and `state.json` beside it, which
  /// says where the ranges lie.
  package static let cloudHypervisor = ImageFormat(
    name: "cloud-hypervisor snapshot", accepts: .parts,
    recognizes: CloudHypervisorImage.recognizes, open: CloudHypervisorImage.open)
}

enum CloudHypervisorImage {
  private static let memoryName = "memory-ranges"
  private static let stateName = "state.json"
  /// Bytes of a state that are read.
  private static let mostState = 8 << 20
  private static let mostRanges = 4096

  static let sets = [
    FileSet(
      format: .cloudHypervisor, descriptions: { $0 == memoryName ? [stateName] : [] })
  ]

  /// The state is one JSON object of snapshots.
  static func recognizes(_ head: [UInt8]) -> Bool {
    guard head.first(where: { !isBlank($0) }) == UInt8(ascii: "{") else { return false }
    let text = String(decoding: head, as: UTF8.self)
    return text.contains("\"snapshots\"") && text.contains("\"snapshot_data\"")
  }

  private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0a, 0x0d].contains(byte) }

  static func open(
    _ input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    let state = try rethrow(
      as: ImageError.init(reading:), input.source.bytes(at: 0, count: mostState))
    let ranges = try rethrow(
      as: ImageError.init(reading:),
      MemoryRangeText.ranges(in: state, atMost: mostRanges, input.budget))
    guard !ranges.isEmpty else {
      throw ImageError(
        .unusable,
        "\(input.source.name): names no memory ranges (a list of objects with 'gpa' and 'length')")
    }
    let paths = [input.path.map { FilePlace($0).beside(memoryName) }].compactMap(\.self)
    let memory = try input.withMemory(at: paths, options)
    let source = memory.parts[0].source
    var stored = StoredRanges(in: source)
    var offset: UInt64 = 0
    for range in ranges {
      guard stored.add(at: range.start, length: range.length, offset: offset),
        let next = offset.adding(range.length)
      else {
        throw ImageError(
          .unusable,
          "\(input.source.name): gpa \(range.start.hex), length \(range.length.hex) is no range of "
            + "memory")
      }
      offset = next
    }
    guard !stored.pieces.isEmpty else {
      throw ImageError(.unusable, "\(source.name): holds none of the ranges of the state")
    }
    return MemoryImage(
      of: memory, as: .cloudHypervisor, memory: stored.memory, warnings: stored.warnings)
  }
}

/// Finds objects with `gpa` and `length` in a state: plainly, inside a text with escaped quotes, or
/// spelt as an array of the bytes of a text, as releases differ in.
enum MemoryRangeText {
  /// The ranges in the order in which they stand.
  static func ranges(
    in state: [UInt8], atMost limit: Int, _ budget: Budget
  ) throws(ReadError) -> [(start: UInt64, length: UInt64)] {
    let plain = state.filter { $0 != UInt8(ascii: "\\") }
    let found = try pairs(in: plain, atMost: limit, budget)
    return found.isEmpty
      ? try pairs(in: spelledBytes(in: state), atMost: limit, budget) : found
  }

  /// Bytes between the names of two members of an object, with the value of the first.
  private static let mostBetween = 64

  private static func pairs(
    in text: [UInt8], atMost limit: Int, _ budget: Budget
  ) throws(ReadError) -> [(start: UInt64, length: UInt64)] {
    let (key, other) = (Array("\"gpa\"".utf8), Array("\"length\"".utf8))
    var payment = RecordPayment(budget, for: "the memory ranges of the state")
    var pairs: [(start: UInt64, length: UInt64)] = []
    var rest = text[...]
    while pairs.count < limit, let found = index(of: key, in: rest) {
      try payment.payNext()
      rest = rest[(found + key.count)...]
      guard let start = number(in: rest),
        let name = index(of: other, in: rest.prefix(mostBetween + other.count)),
        let length = number(in: rest[(name + other.count)...])
      else { continue }
      if length > 0 { pairs.append((start, length)) }
    }
    return pairs
  }

  private static func index(of key: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
    var rest = text
    while let start = rest.firstIndex(of: key[0]) {
      rest = rest[start...]
      if rest.starts(with: key) { return start }
      rest = rest.dropFirst()
    }
    return nil
  }

  /// The number behind a colon.
  private static func number(in text: ArraySlice<UInt8>) -> UInt64? {
    let rest = text.prefix(40).drop { $0 == UInt8(ascii: ":") || $0 == 0x20 }
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return UInt64(String(decoding: digits, as: UTF8.self))
  }

  /// The bytes of all arrays of small numbers.
  private static func spelledBytes(in text: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    var value = 0
    var hasDigit = false
    for byte in text {
      if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
        value = min(value * 10 + Int(byte - UInt8(ascii: "0")), 1000)
        hasDigit = true
        continue
      }
      if hasDigit, value < 256 { bytes.append(UInt8(value)) }
      value = 0
      hasDigit = false
    }
    return bytes
  }
}
