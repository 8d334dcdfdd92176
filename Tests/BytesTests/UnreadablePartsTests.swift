import Bytes
import Glibc
import SystemPackage
import Testing

@Suite("Parts of a file that cannot be read")
struct UnreadablePartsTests {
  /// A file of ones with pages that fail.
  private final class File {
    var calls = 0
    let size: UInt64
    let isBad: (UInt64) -> Bool
    let error: Errno

    init(size: UInt64, error: Errno = .ioError, isBad: @escaping (UInt64) -> Bool) {
      self.size = size
      self.isBad = isBad
      self.error = error
    }

    func read(
      _ offset: UInt64, _ buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> Int {
      calls += 1
      guard offset < size else { return 0 }
      let count = min(UInt64(buffer.count), size - offset)
      for page in offset / 4096...(offset + count - 1) / 4096 where isBad(page) { throw error }
      UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(count)])
        .initializeMemory(as: UInt8.self, repeating: 1)
      return Int(count)
    }

    func pages(
      _ parts: UnreadableParts, at offset: UInt64, count: Int
    ) throws(Errno) -> [UInt8] {
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
      defer { buffer.deallocate() }
      buffer.initializeMemory(as: UInt8.self, repeating: 9)
      let done = try parts.readPages(at: offset, into: buffer, after: error) {
        (place, part) throws(Errno) in try read(place, part)
      }
      return Array(buffer[..<done])
    }
  }

  private static func enduring() -> UnreadableParts {
    let parts = UnreadableParts(of: "image.bin")
    parts.endure()
    return parts
  }

  @Test("are zeros, page by page, and everything around them is there")
  func pages() throws {
    let file = File(size: 1 << 20) { [3, 7, 8].contains($0) }
    let parts = Self.enduring()
    let bytes = try file.pages(parts, at: 100, count: 64 << 10)
    for (index, byte) in bytes.enumerated() {
      #expect(byte == ([3, 7, 8].contains((index + 100) / 4096) ? 0 : 1))
    }
    #expect(parts.count == 3)
    #expect(
      parts.finding?.text
        == "image.bin: 3 pages of 4096 bytes cannot be read (Input/output error), at "
        + "[0x3000, 0x4000), [0x7000, 0x9000) of the file: they read as zeros")
    #expect(parts.finding?.isPartial == true)
    #expect(parts.first(in: 0..<1 << 20) == 0x3000..<0x4000)
    #expect(parts.first(in: 0x4000..<0x7000) == nil)
    #expect(parts.covers(0x7100..<0x8f00))
    #expect(!parts.covers(0x6fff..<0x8000))
    #expect(!parts.covers(0x8000..<0x9001))
  }

  @Test("end where the file does")
  func end() throws {
    let file = File(size: 10_000) { $0 == 0 }
    #expect(try file.pages(Self.enduring(), at: 0, count: 1 << 16).count == 10_000)
  }

  @Test("are errors unless somebody is told of them, or where they are to be")
  func refused() throws {
    let file = File(size: 1 << 20) { $0 == 1 }
    let parts = UnreadableParts(of: "image.bin")
    #expect(throws: Errno.ioError) { try file.pages(parts, at: 0, count: 8192) }
    parts.endure()
    _ = try file.pages(parts, at: 0, count: 8192)
    parts.refuse()
    #expect(throws: Errno.ioError) { try file.pages(parts, at: 0, count: 4096 * 2 - 1) }
    #expect(parts.count == 1)
  }

  @Test(
    "are of no file that is lost as a whole",
    arguments: [Errno.badFileDescriptor, .permissionDenied, .isDirectory])
  func others(_ error: Errno) {
    let file = File(size: 1 << 20, error: error) { $0 == 1 }
    #expect(throws: error) { try file.pages(Self.enduring(), at: 0, count: 8192) }
  }

  @Test("take seconds where they are terabytes", .timeLimit(.minutes(1)))
  func terabytes() throws {
    let file = File(size: 1 << 40, error: .badAddress) { _ in true }
    let parts = Self.enduring()
    for place in stride(from: UInt64(0), to: file.size, by: Int(UnreadableParts.blockSize)) {
      #expect(try file.pages(parts, at: place, count: 8192) == [UInt8](repeating: 0, count: 8192))
    }
    #expect(parts.count == file.size / 4096)
    #expect(UInt64(file.calls) < 100 * file.size / UnreadableParts.blockSize)
    #expect(parts.first(in: 5..<file.size) == 5..<file.size)
  }

  @Test("are the same in whatever order the file is read")
  func order() throws {
    // A page of each MiB of the second block can be read, and one page of the third.
    let isBad = { (page: UInt64) in
      switch page / (16 << 10) {
      case 0: page % 3 == 0
      case 1: page % 256 != 0
      case 2: page != 40_000
      default: false
      }
    }
    var found: [[Range<UInt64>]] = []
    for isReversed in [false, true] {
      let file = File(size: 256 << 20, isBad: isBad)
      let parts = Self.enduring()
      let places = Array(stride(from: UInt64(0), to: 256 << 20, by: 1 << 20))
      for place in isReversed ? places.reversed() : places {
        _ = try file.pages(parts, at: place, count: 1 << 20)
      }
      var ranges: [Range<UInt64>] = []
      while let next = parts.first(in: (ranges.last?.upperBound ?? 0)..<256 << 20) {
        ranges.append(next)
      }
      found.append(ranges)
    }
    #expect(found[0] == found[1])
    #expect(found[0].contains { $0.length >= 64 << 20 })
  }
}
