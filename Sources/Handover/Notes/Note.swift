internal import Bytes
package import DumpRecords
internal import MemoryImages

/// One note of a crashed system, and where it lies in physical memory.
package struct Note: Equatable, Sendable {
  /// Name and type; the name is empty where it is longer than any known one.
  package var type: NoteType
  /// Address of the note's head.
  package var address: UInt64
  /// Address of the description.
  package var descriptionAddress: UInt64
  /// Size of the description in bytes, without padding.
  package var descriptionSize: UInt64
}

extension Note {
  /// The text of a VMCOREINFO note; what the image lacks of it is zero.
  func vmCoreInfo(in memory: PhysicalMemory) throws(ReadError) -> VMCoreInfo {
    let count = Int(min(descriptionSize, UInt64(VMCoreInfo.largestText)))
    return VMCoreInfo(try memory.paddedBytes(at: descriptionAddress, count: count).bytes)
  }
}
