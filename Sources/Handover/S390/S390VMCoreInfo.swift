package import Bytes
package import DumpRecords
internal import MemoryImages

/// The vmcoreinfo of an s390x kernel, and where it came from.
package struct S390VMCoreInfo: Sendable {
  /// The text; nil where there is none.
  package private(set) var information: VMCoreInfo?
  /// Where the note or the text lies.
  package private(set) var note: Note?
  /// The offset that the kernel put into the lowcore instead of a pointer, early in its boot.
  package private(set) var kaslrOffset: UInt64?
  /// What was wrong, and what was used instead.
  package private(set) var warnings: [Finding] = []

  /// Looks where the second kernel looks (`nt_vmcoreinfo`, `arch/s390/kernel/crash_dump.c`):
  /// entry 0 of os_info, then the note at lowcore 0xe0c.
  init(in memory: PhysicalMemory, lowcore: ByteReader, osInfo: S390OSInfo) throws(ReadError) {
    if let entry = osInfo.page?[.vmCoreInfo], entry.address != 0 {
      switch try S390EntryData(of: entry, in: memory) {
      case .sound(let text):
        information = VMCoreInfo(text)
        note = Note(
          type: .vmCoreInfo, address: entry.address, descriptionAddress: entry.address,
          descriptionSize: entry.size)
        return
      case .damaged(let reason):
        warnings.append(
          Finding(
            "os_info entry 0 (vmcoreinfo): \(reason); the note at lowcore 0xe0c is used"))
      }
    }
    let reading = try S390VMCoreInfo.note(in: memory, lowcore: lowcore)
    kaslrOffset = reading.kaslrOffset
    guard let found = reading.note else {
      warnings.append(Finding("\(reading.fault); the vmcore has no VMCOREINFO note"))
      return
    }
    note = found
    let count = Int(min(found.descriptionSize, UInt64(VMCoreInfo.largestText)))
    let text = try memory.paddedBytes(at: found.descriptionAddress, count: count)
    information = VMCoreInfo(text.bytes)
    if text.present < count {
      warnings.append(
        Finding(
          "the VMCOREINFO note at \(found.address.hex): the image ends inside it",
          isPartial: true))
    }
  }

  /// The note at lowcore 0xe0c, as `get_vmcoreinfo_old` reads it.
  static func note(
    in memory: PhysicalMemory, lowcore: ByteReader
  ) throws(ReadError) -> (note: Note?, kaslrOffset: UInt64?, fault: String) {
    guard let pointer = try? lowcore.peek(Lowcore.vmCoreInfo), pointer != 0 else {
      return (nil, nil, "lowcore 0xe0c is 0, expected the address of the VMCOREINFO note")
    }
    if pointer % 2 == 1 {
      return (
        nil, pointer - 1,
        "lowcore 0xe0c holds the KASLR offset \((pointer - 1).hex): the kernel stopped before it "
          + "had a VMCOREINFO note"
      )
    }
    let fault = "lowcore 0xe0c is \(pointer.hex), expected the address of the VMCOREINFO note"
    guard let head = try memory.bytes(at: pointer, count: headSize) else {
      return (nil, nil, fault + ": lies outside the image")
    }
    var reader = ByteReader(head, order: .big)
    guard let header = try? NoteHeader(from: &reader), header.nameSize == name.count + 1,
      head[NoteHeader.size...].starts(with: name), header.descriptionSize != 0,
      header.descriptionSize <= VMCoreInfo.largestText
    else {
      return (nil, nil, fault)
    }
    return (
      Note(
        type: .vmCoreInfo, address: pointer, descriptionAddress: pointer + UInt64(headSize),
        descriptionSize: UInt64(header.descriptionSize)),
      nil, ""
    )
  }

  private static let name = Array("VMCOREINFO".utf8)
  /// Three words and the padded name.
  private static let headSize = 24
}

/// The data that an entry of os_info points at.
enum S390EntryData {
  case sound([UInt8])
  case damaged(String)

  /// Reads it and compares its checksum, as `os_info_old_alloc` does.
  init(
    of entry: OSInfo.Entry, in memory: PhysicalMemory, limit: Int = VMCoreInfo.largestText
  ) throws(ReadError) {
    guard entry.size != 0, entry.size <= UInt64(limit) else {
      self = .damaged("\(entry.size.hex) bytes, expected 1 to \(UInt64(limit).hex)")
      return
    }
    guard let bytes = try memory.bytes(at: entry.address, count: Int(entry.size)) else {
      self = .damaged("\(entry.size.hex) bytes at \(entry.address.hex) lie outside the image")
      return
    }
    let sum = checksum(bytes)
    guard sum == entry.checksum else {
      self = .damaged(
        "\(entry.size.hex) bytes at \(entry.address.hex) have checksum "
          + "\(UInt64(sum).hex), expected \(UInt64(entry.checksum).hex)")
      return
    }
    self = .sound(bytes)
  }
}
