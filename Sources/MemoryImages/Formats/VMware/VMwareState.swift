internal import Bytes
internal import DumpRecords

/// What a .vmss or .vmsn file says of the machine's memory: the group "memory".
struct VMwareState {
  /// Where stored pages lie in memory; none: address = offset.
  private(set) var regions: [VMwareRegion] = []
  /// The memory itself, where it is inside the file.
  private(set) var memory: Range<UInt64>?
  /// What is wrong with the group, though the memory is known.
  private(set) var warnings: [Finding] = []

  /// Groups of a file at most: real ones have about a hundred.
  static let mostGroups = 4096
  /// Values of the group that are looked at.
  private static let mostTags = 1 << 18
  /// Regions at most: real machines have up to four.
  private static let mostRegions = 65_536

  /// Walks the group.
  init(_ source: any ByteSource) throws(ImageError) {
    let (header, group) = try VMwareState.group(named: "memory", of: source)
    var cursor = SourceCursor(source, at: group.position, order: VMwareHeader.order, window: 4096)
    var count: UInt64 = 0
    var isWhole = false
    for _ in 0..<VMwareState.mostTags {
      guard
        let value = try rethrow(
          as: ImageError.init(reading:), VMwareValue(&cursor, wordSize: header.blockWordSize))
      else { break }
      guard value.isSome else {
        isWhole = true
        break
      }
      switch value.name {
      case "regionsCount": count = value.number
      case "regionPageNum": try set(\.page, value, source)
      case "regionPPN": try set(\.frame, value, source)
      case "regionSize": try set(\.count, value, source)
      case "Memory":
        guard !value.isPacked else {
          throw ImageError(
            .unusable,
            "\(source.name): its block 'Memory' at \(value.place.hex) is packed, expected memory "
              + "as it is")
        }
        memory = value.place..<value.place + value.size
      default: continue
      }
    }
    guard isWhole || memory != nil else {
      throw ImageError(
        .unusable,
        "\(source.name): ends inside its group 'memory', which begins at \(group.position.hex)")
    }
    if !isWhole {
      warnings.append(
        Finding("\(source.name): ends inside its group 'memory'", isPartial: true))
    }
    regions.removeLast(max(0, regions.count - Int(clamping: count)))
  }

  private mutating func set(
    _ field: WritableKeyPath<VMwareRegion, UInt64>, _ value: VMwareValue, _ source: any ByteSource
  ) throws(ImageError) {
    let index = Int(value.indices.first ?? 0)
    guard index < VMwareState.mostRegions else {
      throw ImageError(
        .unusable,
        "\(source.name): \(value.name)[\(index)] at \(value.place.hex): expected at most "
          + "\(VMwareState.mostRegions) regions")
    }
    while regions.count <= index { regions.append(VMwareRegion()) }
    regions[index][keyPath: field] = value.number
  }

  private static func group(
    named name: String, of source: any ByteSource
  ) throws(ImageError) -> (VMwareHeader, VMwareGroup) {
    let size = VMwareHeader.size + mostGroups * VMwareGroup.size
    let bytes = try rethrow(as: ImageError.init(reading:), source.bytes(at: 0, count: size))
    var reader = ByteReader(bytes, order: VMwareHeader.order)
    guard let header = try? VMwareHeader(from: &reader) else {
      throw ImageError(.unusable, "\(source.name): ends inside the head of a VMware state file")
    }
    for _ in 0..<min(Int(header.groupCount), mostGroups) {
      guard let group = try? VMwareGroup(from: &reader) else {
        throw ImageError(
          .unusable,
          "\(source.name): ends inside its groups: \(header.groupCount) are expected")
      }
      if group.name == name { return (header, group) }
    }
    throw ImageError(
      .unusable,
      "\(source.name): none of its \(header.groupCount) groups is named '\(name)': the machine's "
        + "memory was not saved (a snapshot without memory)")
  }
}

/// One value of a group: its name, and its number or where its bytes stand.
private struct VMwareValue {
  let name: String
  let indices: [UInt32]
  /// Where it stands.
  let place: UInt64
  /// Bytes of a block.
  private(set) var size: UInt64 = 0
  private(set) var isPacked = false
  /// The value of a plain number.
  private(set) var number: UInt64 = 0
  /// Whether it is a value, and not the end of the group.
  let isSome: Bool

  /// Reads one and moves behind it; nil where the file ends before.
  init?(_ cursor: inout SourceCursor, wordSize: Int) throws(ReadError) {
    guard let word = try cursor.next(UInt16.self) else { return nil }
    let tag = VMwareTag(word)
    isSome = word != 0
    let text = try cursor.take(tag.nameSize)
    guard text.count == tag.nameSize else { return nil }
    name = String(decoding: text, as: UTF8.self)
    var indices: [UInt32] = []
    for _ in 0..<tag.indexCount {
      guard let index = try cursor.next(UInt32.self) else { return nil }
      indices.append(index)
    }
    self.indices = indices
    guard tag.valueSize < VMwareTag.packedBlock else {
      isPacked = tag.valueSize == VMwareTag.packedBlock
      guard let stored = try VMwareValue.word(&cursor, wordSize),
        try VMwareValue.word(&cursor, wordSize) != nil,
        let padding = try cursor.next(UInt16.self)
      else { return nil }
      cursor.skip(UInt64(padding))
      place = cursor.position
      guard place.adding(stored) != nil else { return nil }
      size = stored
      cursor.skip(stored)
      return
    }
    place = cursor.position
    let bytes = try cursor.take(tag.valueSize)
    guard bytes.count == tag.valueSize else { return nil }
    for byte in bytes.prefix(8).reversed() { number = number << 8 | UInt64(byte) }
  }

  private static func word(_ cursor: inout SourceCursor, _ size: Int) throws(ReadError) -> UInt64? {
    size == 8 ? try cursor.next(UInt64.self) : try cursor.next(UInt32.self).map(UInt64.init)
  }
}
