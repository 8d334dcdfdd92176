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
    return holds(head, "\"snapshots\"") && holds(head, "\"snapshot_data\"")
  }

  private static func holds(_ bytes: [UInt8], _ text: String) -> Bool {
    let wanted = Array(text.utf8)
    return bytes.indices.contains { bytes[$0...].starts(with: wanted) }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0a, 0x0d].contains(byte) }

  static func open(
    _ input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    let state = try rethrow(
      as: ImageError.init(reading:), input.source.bytes(at: 0, count: mostState))
    let ranges = MemoryRangeText.ranges(in: state, atMost: mostRanges)
    guard !ranges.isEmpty else {
      throw ImageError(
        .unusable,
        "\(input.source.name): names no memory ranges (a list of objects with 'gpa' and 'length')")
    }
    let memory = try memoryFile(of: input, options)
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

  private static func memoryFile(
    of input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> ImageInput {
    guard input.parts.isEmpty else { return input }
    let path = input.path.map { FilePlace($0).beside(memoryName) }
    guard let path, let memory = try ImageInput.existing(at: path, options) else {
      throw ImageError(
        .unusable,
        "\(input.source.name): says where memory lies that is in another file (\(memoryName), "
          + "which is not beside it): \(.parts) names it")
    }
    var found = input
    found.parts = [memory]
    found.share(options.isCancelled)
    found.notices.append(
      "\(input.name): the machine's memory is read from \(memory.source.name), which is beside it")
    return found
  }
}

/// Finds objects with `gpa` and `length` in a state: plainly, inside a text with escaped quotes, or
/// spelt as an array of the bytes of a text, as releases differ in.
enum MemoryRangeText {
  /// The ranges in the order in which they stand.
  static func ranges(in state: [UInt8], atMost limit: Int) -> [(start: UInt64, length: UInt64)] {
    let plain = state.filter { $0 != UInt8(ascii: "\\") }
    let found = pairs(in: plain, atMost: limit)
    return found.isEmpty ? pairs(in: spelledBytes(in: state), atMost: limit) : found
  }

  private static func pairs(
    in text: [UInt8], atMost limit: Int
  ) -> [(start: UInt64, length: UInt64)] {
    let key = Array("\"gpa\"".utf8)
    var pairs: [(start: UInt64, length: UInt64)] = []
    var place = 0
    while pairs.count < limit, let found = index(of: key, in: text, from: place) {
      place = found + key.count
      guard let start = number(in: text, behind: place),
        let name = index(of: Array("\"length\"".utf8), in: text, from: place),
        name - place < 64, let length = number(in: text, behind: name + 8)
      else { continue }
      if length > 0 { pairs.append((start, length)) }
    }
    return pairs
  }

  private static func index(of key: [UInt8], in text: [UInt8], from place: Int) -> Int? {
    var place = place
    while let start = text[place...].firstIndex(of: key[0]) {
      if text[start...].starts(with: key) { return start }
      place = start + 1
    }
    return nil
  }

  /// The number behind a colon.
  private static func number(in text: [UInt8], behind place: Int) -> UInt64? {
    let rest = text[place...].prefix(40).drop { $0 == UInt8(ascii: ":") || $0 == 0x20 }
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
