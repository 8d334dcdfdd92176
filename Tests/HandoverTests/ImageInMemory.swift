import Bytes
import CrashedKernel
import Handover
import MemoryImages
import TestSupport

/// An image that is no file, of a recipe or of bytes, with what a test changes in it.
struct ImageInMemory: ByteSource {
  let name = "recipe"
  private let bytes: [UInt8]

  init(_ text: String) throws {
    bytes = try ImageBuilder.build(parsing: text).fileBytes()
  }

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  var size: UInt64 { UInt64(bytes.count) }

  /// The same with one byte changed.
  func flipping(_ offset: UInt64) -> ImageInMemory {
    var bytes = bytes
    bytes[Int(offset)] ^= 0x40
    return ImageInMemory(bytes)
  }

  /// The same with bytes written over it.
  func writing(_ new: [UInt8], at offset: UInt64) -> ImageInMemory {
    var bytes = bytes
    bytes.replaceSubrange(Int(offset)..<Int(offset) + new.count, with: new)
    return ImageInMemory(bytes)
  }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let count = min(buffer.count, bytes.count - Int(offset))
    bytes.withUnsafeBytes { all in
      buffer.copyMemory(from: .init(rebasing: all[Int(offset)..<Int(offset) + count]))
    }
    return count
  }

  /// Memory whose addresses are file offsets.
  func memory() throws -> PhysicalMemory {
    try PhysicalMemory(
      regions: [MemoryRegion(range: 0..<size, source: self, offset: 0)])
  }

  func image() throws -> MemoryImage {
    MemoryImage(
      name: name, format: "raw", memory: try memory(), layout: .identity, layoutIsOpen: false,
      files: [])
  }

  func verified(_ options: SearchOptions = SearchOptions()) throws -> VerifiedImage {
    try VerifiedImage(image(), options)
  }
}
