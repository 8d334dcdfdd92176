import Bytes
import Foundation
import TestSupport
import Testing

@Suite("A file read at any offset")
struct FileSourceTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  @Test("Its bytes are read at any offset, and fewer where it ends")
  func reads() throws {
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let source = try FileSource(path: directory.file(bytes))
    #expect(source.size == 10_000)
    #expect(try source.bytes(at: 0, count: 10_000) == bytes)
    #expect(try source.bytes(at: 9_990, count: 100) == Array(bytes[9_990...]))
    #expect(try source.bytes(at: 10_000, count: 1) == [])
    #expect(try source.bytes(at: .max, count: 8) == [])
    #expect(try source.bytes(at: 5, count: -1) == [])
  }

  @Test("Its holes are known, and read as zeros")
  func holes() throws {
    let path = directory.path("sparse.bin")
    let hole: UInt64 = 1 << 20
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.seek(toOffset: hole)
    try file.write(contentsOf: Data(repeating: 0x5a, count: 8192))
    try file.truncate(atOffset: 3 * hole)
    try file.close()
    let source = try FileSource(path: path)
    #expect(source.size == 3 * hole)
    #expect(source.extent(at: 0) == SourceExtent(isHole: true, end: hole))
    #expect(source.extent(at: hole) == SourceExtent(isHole: false, end: hole + 8192))
    #expect(source.extent(at: hole + 8192) == SourceExtent(isHole: true, end: 3 * hole))
    #expect(source.extent(at: 3 * hole) == SourceExtent(isHole: false, end: 3 * hole))
    #expect(try source.bytes(at: hole - 2, count: 4) == [0, 0, 0x5a, 0x5a])
  }

  @Test("What a file has lost since it was opened is no hole")
  func shrunk() throws {
    let path = try directory.file([UInt8](repeating: 0, count: 1 << 16))
    let source = try FileSource(path: path)
    #expect(truncate(path, 4096) == 0)
    #expect(source.extent(at: 8192) == SourceExtent(isHole: false, end: 1 << 16))
    #expect(try source.bytes(at: 8192, count: 16) == [])
  }

  @Test("A pipe is refused with what to do about it")
  func pipe() throws {
    let path = directory.path("fifo")
    #expect(mkfifo(path, 0o600) == 0)
    let error = #expect(throws: OpenError.self) { try FileSource(path: path) }
    #expect(error?.description.hasPrefix("\(path): cannot be read at an offset") == true)
    #expect(error?.reason.contains("cat > image.bin") == true)
  }

  @Test("A directory and a name that stands for nothing are refused by name")
  func refusals() throws {
    let directoryError = #expect(throws: OpenError.self) { try FileSource(path: directory.path) }
    #expect(directoryError?.reason == "is a directory, expected a memory image")
    let error = #expect(throws: OpenError.self) {
      try FileSource(path: directory.path("nothing"))
    }
    #expect(
      error?.description
        == "\(directory.path("nothing")): cannot be opened: No such file or directory")
  }

  @Test("Two names of one file have one identity, two files have two")
  func identity() throws {
    let path = try directory.file([1])
    try FileManager.default.linkItem(atPath: path, toPath: directory.path("link"))
    let source = try FileSource(path: path)
    #expect(source.identity == FileStatus.identity(at: directory.path("link")))
    #expect(source.identity != FileStatus.identity(at: try directory.file([1], named: "other")))
  }

  @Test("One byte that is not zero is seen wherever it stands")
  func zeros() {
    for count in [0, 1, 63, 255, 256, 257, 600] {
      var bytes = [UInt8](repeating: 0, count: count)
      #expect(bytes.withUnsafeBytes { isAllZero($0) })
      for index in 0..<count {
        bytes[index] = 1
        #expect(!bytes.withUnsafeBytes { isAllZero($0) }, "byte \(index) of \(count)")
        bytes[index] = 0
      }
    }
  }
}

@Suite("A file of which large parts are mapped")
struct MappedFileTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  @Test("Its bytes are those that are read, across windows and up to its end")
  func reads() throws {
    let bytes = MappedFileTests.pieces(33) + Array(0..<210)
    let count = bytes.count
    let source = try FileSource(path: directory.file(bytes), isMapped: true)
    for (offset, length) in [
      (0, count), (4 << 20 - 10, 1 << 18), (3, 1 << 17), (5 << 20, 4096), (count - 5, 100),
      (count - 1 << 18, 1 << 19), (8 << 20 - 1, 2),
    ] {
      let end = min(count, offset + length)
      let read = try source.bytes(at: UInt64(offset), count: length)
      #expect(Data(read) == Data(bytes[offset..<end]))
    }
  }

  /// Pieces of 256 KiB, each of bytes of its own, with one among them that differs.
  private static func pieces(_ count: Int) -> [UInt8] {
    (0..<count).flatMap { number in
      var piece = [UInt8](repeating: UInt8(number), count: 1 << 18)
      piece[number * 7919] = 0xff
      return piece
    }
  }

  @Test("What it has lost meanwhile costs itself alone")
  func shrunk() throws {
    let path = try directory.file([UInt8](repeating: 7, count: 8 << 20))
    let source = try FileSource(path: path, isMapped: true)
    #expect(try source.bytes(at: 0, count: 1 << 20).count == 1 << 20)
    #expect(truncate(path, 1 << 20) == 0)
    let rest = try source.bytes(at: 1 << 19, count: 1 << 20)
    #expect(Data(rest) == Data(repeating: 7, count: 1 << 19))
    #expect(try source.bytes(at: 6 << 20, count: 1 << 20) == [])
  }

  @Test("Several threads read it side by side")
  func threads() async throws {
    let bytes = MappedFileTests.pieces(32)
    let source = try FileSource(path: directory.file(bytes), isMapped: true)
    await withTaskGroup(of: Bool.self) { group in
      for thread in 0..<4 {
        group.addTask {
          (0..<32).allSatisfy { piece in
            let place = (piece * 13 + thread * 11) % 32 << 18
            let read = try? source.bytes(at: UInt64(place), count: 1 << 18)
            return Data(read ?? []) == Data(bytes[place..<place + 1 << 18])
          }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }
}
