import Bytes
import Glibc
import MemoryImages
import TestSupport
import Testing

/// A dump that was cut off says so, wherever that was, and shows no memory that was not there.
@Suite("A dump file that is cut at every length")
struct DumpTruncationTests {
  @Test(
    "is refused or partial: kdump-compressed", arguments: KdumpFileModel.Layout.allCases)
  func kdump(_ layout: KdumpFileModel.Layout) throws {
    let order = layout == .packed ? RecipeOrder.big : .little
    try cut(SmallDumps.kdumpModel(layout, order).bytes, .kdump)
  }

  @Test(
    "is refused or partial: ELF core",
    arguments: ["64-little", "32-big", "64-big-untidy", "32-little-untidy", "64-little-extended"])
  func elf(_ name: String) throws {
    try cut(#require(SmallDumps.elf.files[name]), .elf)
  }

  @Test(
    "is refused or partial: flattened",
    arguments: ["elf", "elf-32-big", "kdump", "kdump-big", "kdump-packed"])
  func flattened(_ name: String) throws {
    try cut(#require(SmallDumps.flattened.files[name]), .flattened)
  }

  @Test("is refused or partial: LiME and AVML", arguments: ["lime", "avml"])
  func ranges(_ name: String) throws {
    let bytes = try #require((SmallDumps.lime.files[name] ?? SmallDumps.avml.files[name]))
    // A file that ends where a range does looks whole.
    let ends = LiMEFileModel.ends(of: bytes)
    try cut(bytes, name == "lime" ? .lime : .avml, looksWholeAt: ends)
  }

  @Test("is refused or partial: VMware state", arguments: ["old", "new-flat"])
  func vmware(_ name: String) throws {
    try cut(#require(SmallDumps.vmware.files[name]), .vmware)
  }

  @Test(
    "is refused or partial: QEMU savevm", arguments: [MigrationModel.Pages.plain, .packed, .mapped])
  func savevm(_ pages: MigrationModel.Pages) throws {
    let model = SmallDumps.migration(pages)
    try cut(model.bytes, .savevm, behind: model.countBehindRAM)
    if pages == .plain { try cut(model.libvirt(), .libvirt, behind: model.countBehindRAM) }
    if pages == .mapped {
      var reversed = model
      reversed.blocks.reverse()
      try cut(reversed.bytes, .savevm, behind: model.countBehindRAM)
    }
  }

  @Test("is refused or partial: s390_ext", arguments: ["extended", "packed-512"])
  func s390Extended(_ name: String) throws {
    try cut(#require(SmallDumps.s390.files[name]), .s390Extended)
  }

  @Test("is refused or partial: s390, LKCD, sadump, Xen")
  func firmware() throws {
    try cut(#require(SmallDumps.s390.files["plain"]), .s390)
    for name in ["10-zlib", "7-runs", "1-none"] {
      try cut(#require(SmallDumps.lkcd.files[name]), .lkcd)
    }
    try cut(#require(SmallDumps.sadump.files["single"]), .sadump)
    try cut(#require(SmallDumps.xen.files["ordered-true"]), .xen)
    try cut(#require(SmallDumps.xen.files["unordered-false"]), .xen)
  }

  @Test("is refused or partial: the memory file of a set", arguments: SmallSets.names)
  func sets(_ name: String) throws {
    let set = try #require(SmallSets.all[name])
    let directory = try TemporaryDirectory()
    for (name, bytes) in set.others { try directory.file(bytes, named: name) }
    let path = try directory.file(set.memory.bytes, named: set.memory.name)
    let options = ImageOptions(machines: [])
    let original = try ImageFormat.open(path: path, options: options)
    #expect(original.format.contains(name) && !original.warnings.contains { $0.isPartial })
    let whole = try original.contents()
    for count in stride(from: 0, to: set.memory.bytes.count, by: 97) {
      try directory.file(Array(set.memory.bytes[..<count]), named: set.memory.name)
      let image: MemoryImage
      do throws(ImageError) { image = try ImageFormat.open(path: path, options: options) } catch {
        #expect(error.kind != .usage, "\(error)")
        continue
      }
      #expect(image.warnings.contains { $0.isPartial }, "\(count) bytes look complete")
      for (address, found) in try image.contents() {
        let isTrue = whole.contains { start, whole in
          address >= start && whole.holds(found, at: address - start)
        }
        #expect(isTrue, "\(count) bytes: the memory at \(UInt64(address).hex) is another")
      }
    }
  }

  @Test("and comes through a pipe is what it is in a file", arguments: ["elf", "kdump"])
  func pipe(_ name: String) throws {
    let bytes = try #require(SmallDumps.flattened.files[name])
    // What a pipe brings that does not begin as a flattened file is raw memory.
    for count in FlattenedFileModel.signatureSize..<bytes.count {
      let input = ImageInput(Beginning(of: bytes, count: count))
      let file = try? ImageFormat.flattened.open(input, ImageOptions(machines: []))
      let pipe: MemoryImage?
      do throws(ImageError) { pipe = try Pipe.open(Array(bytes.prefix(count))) } catch {
        #expect(error.kind == .unusable, "\(error)")
        pipe = nil
      }
      #expect(pipe?.warnings.map { $0.isPartial } == file?.warnings.map { $0.isPartial })
      #expect(pipe?.memory.regions.map { $0.range } == file?.memory.regions.map { $0.range })
      guard let file, let pipe else { continue }
      let isEqual = try zip(pipe.contents(), file.contents()).allSatisfy { $0.bytes == $1.bytes }
      #expect(isEqual, "\(count) bytes")
    }
  }

  /// Opens every beginning of a file; bytes at its end that no memory needs may be lacking.
  private func cut(
    _ bytes: [UInt8], _ format: ImageFormat, looksWholeAt wholes: Set<Int> = [], behind: Int = 0
  ) throws {
    let original = try format.open(
      ImageInput(Beginning(of: bytes, count: bytes.count)), ImageOptions(machines: []))
    #expect(!original.warnings.contains { $0.isPartial })
    let memory = try original.contents()
    var opened = 0
    for count in 0..<bytes.count - behind {
      let input = ImageInput(Beginning(of: bytes, count: count))
      guard format.recognizes(try input.source.bytes(at: 0, count: 64)) else {
        // An ELF file of Xen is told by the last fields of its header.
        #expect(count < (format.name == ImageFormat.xen.name ? 64 : 18))
        continue
      }
      let image: MemoryImage
      do throws(ImageError) {
        image = try format.open(input, ImageOptions(machines: []))
      } catch {
        #expect(error.kind == .unusable && error.description.hasPrefix("cut: "), "\(error)")
        continue
      }
      opened += 1
      let isPartial = image.warnings.contains { $0.isPartial }
      #expect(isPartial != wholes.contains(count), "\(count) bytes look complete")
      for (address, found) in try image.contents() {
        let isTrue = memory.contains { start, whole in
          address >= start && whole.holds(found, at: address - start)
        }
        #expect(isTrue, "\(count) bytes: the memory at \(UInt64(address).hex) is another")
      }
    }
    #expect(opened > 0)
  }
}

extension MemoryImage {
  /// All of the memory, by address.
  fileprivate func contents() throws -> [(address: Int, bytes: [UInt8])] {
    try memory.regions.map { region in
      let start = region.range.lowerBound
      let bytes = try memory.bytes(at: start, count: Int(region.range.upperBound - start))
      return (Int(start), try #require(bytes))
    }
  }
}

extension [UInt8] {
  /// Whether these bytes hold others at a place, but for some of them that are zero.
  fileprivate func holds(_ part: [UInt8], at place: Int) -> Bool {
    guard place + part.count <= count else { return false }
    return withUnsafeBytes { whole in
      part.withUnsafeBytes { part in
        Self.isPart(part, of: UnsafeRawBufferPointer(rebasing: whole[place...]), step: 4096)
      }
    }
  }

  /// Compares in blocks, and those that differ in smaller ones: debug builds are slow by the byte.
  private static func isPart(
    _ part: UnsafeRawBufferPointer, of whole: UnsafeRawBufferPointer, step: Int
  ) -> Bool {
    stride(from: 0, to: part.count, by: step).allSatisfy { start in
      let count = Swift.min(step, part.count - start)
      guard let part = part.baseAddress, let whole = whole.baseAddress else { return false }
      if memcmp(part + start, whole + start, count) == 0 { return true }
      if memcmp(part + start, zeros, count) == 0 { return true }
      return step > 1
        && isPart(
          UnsafeRawBufferPointer(start: part + start, count: count),
          of: UnsafeRawBufferPointer(start: whole + start, count: count), step: step / 16)
    }
  }

  private static let zeros = [UInt8](repeating: 0, count: 4096)
}

/// The first bytes of a file, which all share one array.
private struct Beginning: ByteSource {
  let name = "cut"
  let size: UInt64
  private let bytes: [UInt8]

  init(of bytes: [UInt8], count: Int) {
    self.bytes = bytes
    size = UInt64(count)
  }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    buffer.copyBytes(from: bytes[Int(offset)..<Int(offset) + count])
    return count
  }
}
