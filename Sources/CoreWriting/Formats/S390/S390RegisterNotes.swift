internal import Bytes
internal import DumpRecords

/// The registers of one CPU of s390x, as its notes have them.
struct S390RegisterNotes {
  /// Where its lowcore lies: NT_S390_PREFIX; 0: no note says so.
  private(set) var lowcore: UInt32 = 0
  private var fields: [(place: SaveArea.Field, bytes: ArraySlice<UInt8>)] = []
  private var low: ArraySlice<UInt8>?
  private var high: ArraySlice<UInt8>?

  /// `pr_reg` of `struct elf_prstatus`.
  private enum Status {
    static let word = 0x70
    static let general = 0x80
    static let access = 0x100
  }

  /// Every CPU that a list of notes has, in its order: each begins with NT_PRSTATUS.
  static func all(in bytes: [UInt8]) -> [S390RegisterNotes] {
    var list: [S390RegisterNotes] = []
    var place = 0
    while bytes.count - place >= NoteHeader.size {
      var reader = ByteReader(bytes, order: .big, at: place)
      guard let header = try? NoteHeader(from: &reader), header.nameSize != 0,
        header.totalSize <= UInt64(bytes.count - place)
      else { break }
      let start = place + Int(header.descriptionOffset)
      let name = bytes[reader.position..<reader.position + Int(header.nameSize)].prefix { $0 != 0 }
      let content = bytes[start..<start + Int(header.descriptionSize)]
      place += Int(header.totalSize)
      if name.elementsEqual("CORE".utf8), header.type == NoteType.processStatus.type {
        list.append(S390RegisterNotes())
      }
      // Before Linux 3.5 the machine's own notes are named CORE, too.
      if !list.isEmpty, name.elementsEqual("CORE".utf8) || name.elementsEqual("LINUX".utf8) {
        list[list.count - 1].take(content, header.type)
      }
    }
    return list
  }

  private mutating func take(_ content: ArraySlice<UInt8>, _ type: UInt32) {
    func put(_ start: Int, _ field: SaveArea.Field) {
      guard let bytes = content.part(start, field.place.count) else { return }
      fields.append((field, bytes))
    }
    switch type {
    case NoteType.processStatus.type:
      put(Status.word, .programStatusWord)
      put(Status.general, .generalRegisters)
      put(Status.access, .accessRegisters)
    case NoteType.floatingPoint.type:
      put(0, .floatingPointControl)
      put(8, .floatingPointRegisters)
    case NoteType.s390Timer.type: put(0, .timer)
    case NoteType.s390ClockComparator.type: put(0, .clockComparator)
    case NoteType.s390TODRegister.type: put(0, .todProgrammableRegister)
    case NoteType.s390ControlRegisters.type: put(0, .controlRegisters)
    case NoteType.s390Prefix.type:
      put(0, .prefix)
      lowcore = content.part(0, 4)?.reduce(0) { $0 << 8 | UInt32($1) } ?? 0
    case NoteType.s390VectorLow.type: low = content.part(0, 128)
    case NoteType.s390VectorHigh.type: high = content.part(0, 256)
    default: break
    }
  }

  /// What store-status would have left: what no note says stays as it was.
  func saveArea(over old: [UInt8]) -> [UInt8] {
    var area = old
    for (field, bytes) in fields { area.replaceSubrange(field.place, with: bytes) }
    return area
  }

  /// Bytes of the vector registers.
  static let vectorSize = 512

  /// The 32 vector registers, 16 bytes each. The first halves of 16 of them are the floating point
  /// registers, which have a place of their own.
  func vectors(over old: [UInt8]) -> [UInt8] {
    guard let low, let high, old.count == S390RegisterNotes.vectorSize else { return old }
    var vectors = old
    for (index, byte) in low.enumerated() { vectors[16 * (index / 8) + 8 + index % 8] = byte }
    vectors.replaceSubrange(256..., with: high)
    return vectors
  }
}

extension ArraySlice<UInt8> {
  /// So many bytes from an offset on; nil where there are fewer.
  fileprivate func part(_ start: Int, _ count: Int) -> ArraySlice<UInt8>? {
    let rest = dropFirst(start)
    return rest.count >= count ? rest.prefix(count) : nil
  }
}
