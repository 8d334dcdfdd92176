internal import Bytes
internal import DumpRecords
internal import MemoryImages

/// A VMCOREINFO note that no header leads to, and the byte order in which its head is one.
struct InformationNote: Sendable {
  let note: Note
  let order: ByteOrder

  /// Reads the head at a place where the scan has seen the name; nil where no note begins there.
  init?(at address: UInt64, in memory: PhysicalMemory) throws(ReadError) {
    let head = try memory.paddedBytes(at: address, count: NoteHeader.size).bytes
    for order in ByteOrder.allCases {
      var reader = ByteReader(head, order: order)
      guard let header = try? NoteHeader(from: &reader),
        header.nameSize == InformationNote.nameSize,
        header.type == NoteType.vmCoreInfo.type, header.descriptionSize > 0,
        header.descriptionSize <= VMCoreInfo.largestText
      else { continue }
      note = Note(
        type: .vmCoreInfo, address: address,
        descriptionAddress: address &+ header.descriptionOffset,
        descriptionSize: UInt64(header.descriptionSize))
      self.order = order
      return
    }
    return nil
  }

  /// `VMCOREINFO` and its terminator.
  private static let nameSize: UInt32 = 11

  /// The text; nil where the image lacks a byte of it.
  func text(in memory: PhysicalMemory) throws(ReadError) -> [UInt8]? {
    try memory.bytes(at: note.descriptionAddress, count: Int(note.descriptionSize))
  }
}
