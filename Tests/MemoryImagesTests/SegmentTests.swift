import Bytes
import MemoryImages
import TestSupport
import Testing

@Suite("Memory made of segments")
struct SegmentTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  private func open(_ segments: [String]) throws -> MemoryImage {
    var options = ImageOptions(machines: [])
    options.segments = try segments.map(SegmentSpecification.init)
    return try ImageFormat.open(path: "", options: options)
  }

  @Test(
    "A segment is a file, its address, and if need be a length and an offset",
    arguments: [
      ("a@0", "a", 0, nil, 0), ("dir/a b@0x40000000", "dir/a b", 0x4000_0000, nil, 0),
      ("a@1G:512M", "a", 1 << 30, 512 << 20, 0), ("a@4K:010:0x20", "a", 4096, 8, 0x20),
      ("user@host:7@2M", "user@host:7", 2 << 20, nil, 0), ("@@1", "@", 1, nil, 0),
    ] as [(String, String, UInt64, UInt64?, UInt64)])
  func syntax(
    _ text: String, _ path: String, _ address: UInt64, _ length: UInt64?, _ offset: UInt64
  ) throws {
    let segment = try SegmentSpecification(text)
    #expect(segment.path == path)
    #expect(segment.address == address)
    #expect(segment.length == length)
    #expect(segment.offset == offset)
  }

  @Test("A segment that begins as another format is named")
  func otherFormat() throws {
    let ones = [UInt8](repeating: 1, count: 8192)
    let packed = try directory.file([0x1f, 0x8b, 8, 0] + ones, named: "packed")
    let plain = try directory.file(ones, named: "plain")
    let image = try open([packed + "@0", plain + "@1M"])
    #expect(image.warnings.count == 1)
    #expect(image.warnings.first?.message.description.contains("begins as gzip does") == true)
  }

  @Test(
    "What is no segment is refused with what was found",
    arguments: [
      ("a", "no address behind '@'"), ("@1", "no address behind '@'"), ("a@", "'' is no number"),
      ("a@x", "'x' is no number"), ("a@1:", "'' is no number"), ("a@1:2:3:4", "4 fields"),
      ("a@1KB", "'1KB' is no number"), ("a@-1", "'-1' is no number"),
      ("a@18446744073709551616", "is no number"),
    ])
  func refused(_ text: String, _ found: String) {
    let error = #expect(throws: ImageError.self) { try SegmentSpecification(text) }
    #expect(error?.kind == .usage)
    #expect(error?.description.hasPrefix("segments \(text): ") == true)
    #expect(error?.description.contains(found) == true)
    #expect(error?.description.contains("expected FILE@ADDR[:LENGTH[:OFFSET]]") == true)
  }

  @Test("Segments in any order are one memory")
  func anyOrder() throws {
    let low = try directory.file(Array(repeating: 1, count: 0x100), named: "low")
    let high = try directory.file(Array(0...255), named: "high")
    let image = try open(["\(high)@0x2000:0x10:0x80", "\(low)@0x1000", "\(high)@0x1100"])
    #expect(image.format == "segments")
    #expect(!image.layoutIsOpen)
    #expect(
      image.memory.regions.map(\.range) == [0x1000..<0x1100, 0x1100..<0x1200, 0x2000..<0x2010])
    #expect(try image.memory.bytes(at: 0x10ff, count: 3) == [1, 0, 1])
    #expect(try image.memory.bytes(at: 0x2000, count: 2) == [0x80, 0x81])
    #expect(image.files.contains { $0 == FileStatus.identity(at: low) })
    #expect(image.files.contains { $0 == FileStatus.identity(at: high) })
  }

  @Test("A length beyond the end of the file ends with the file")
  func lengthBeyondFile() throws {
    let path = try directory.file(Array(0...255))
    #expect(try open(["\(path)@0:1M:0xf0"]).memory.regions.map(\.range) == [0..<0x10])
  }

  @Test("Two segments that overlap are both named, with their addresses")
  func overlap() throws {
    let first = try directory.file(Array(0...255), named: "first")
    let second = try directory.file(Array(0...255), named: "second")
    let error = #expect(throws: ImageError.self) {
      try open(["\(second)@0x10ff", "\(first)@0x1000"])
    }
    #expect(
      error
        == ImageError(
          .usage,
          "\(.segments): \(first) at [0x1000, 0x1100) and \(second) at [0x10ff, 0x11ff) overlap"))
  }

  @Test("A segment without a byte, or that ends beyond 64 bits, is refused")
  func impossible() throws {
    let path = try directory.file(Array(0...255))
    for (segment, text) in [
      ("\(path)@0:0", "expected some at offset 0x0"),
      ("\(path)@0::", "is no number"),
      ("\(path)@0:1:0x100", "holds 0x100 bytes, expected some at offset 0x100"),
      ("\(path)@0xffffffffffffffff", "end beyond 64 bits"),
    ] {
      let error = #expect(throws: ImageError.self) { try open([segment]) }
      #expect(error?.kind == .usage)
      #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
    #expect(throws: ImageError.self) { try open(["\(directory.path("nothing"))@0"]) }
  }
}
