import Bytes
import CrashedKernel
import DumpRecords
import Handover
import MemoryImages

/// The notes of one PT_NOTE: byte 0 is the order, bytes 1 and 2 are the size that it claims.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let source = FuzzedBytes(start, count)
  guard count > 3,
    let memory = try? PhysicalMemory(
      regions: [MemoryRegion(range: 4096..<4096 + source.size - 3, source: source, offset: 3)])
  else { return 0 }
  let limit = UInt64(source.bytes[1]) << (source.bytes[2] % 64)
  let note = ProgramHeader(type: .note, offset: 4096, fileSize: limit, memorySize: limit)
  let order: ByteOrder = source.bytes[0] % 2 == 0 ? .big : .little
  if let section = try? NoteSection(of: note, at: 0, order: order, in: memory) {
    precondition(section.size <= section.limit)
    precondition(section.notes.count <= NoteSection.keptNotes)
  }
  return 0
}
