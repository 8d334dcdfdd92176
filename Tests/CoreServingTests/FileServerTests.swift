import Bytes
import CoreServing
import Foundation
import TestSupport
import Testing

/// A source whose every byte tells its place; one page cannot be read, one stretch is a hole.
private struct PatternSource: ByteSource {
  let name = "pattern"
  let size: UInt64
  static let broken: Range<UInt64> = 5 << 20..<(5 << 20) + 4096
  static let hole: Range<UInt64> = 8 << 20..<12 << 20

  /// Random bytes, repeated; their number is a prime, so that no two pages are equal.
  private static let tile: [UInt8] = {
    var generator = SeededGenerator(seed: 5)
    return (0..<65_537).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }()

  /// What stands from `offset` on.
  static func fill(_ buffer: UnsafeMutableRawBufferPointer, from offset: UInt64) {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let position = offset + UInt64(done)
      if hole.contains(position) {
        let count = min(rest.count, Int(hole.upperBound - position))
        rest.copyBytes(from: repeatElement(0, count: count))
        done += count
      } else {
        let start = Int(position % UInt64(tile.count))
        let end = position < hole.lowerBound ? Int(hole.lowerBound - position) : rest.count
        let part = tile[start...].prefix(min(rest.count, end))
        rest.copyBytes(from: part)
        done += part.count
      }
    }
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(ReadError) -> Int
  {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    if Self.broken.overlaps(offset..<offset + UInt64(count)) {
      throw ReadError(source: name, offset: Self.broken.lowerBound, reason: "a bad block")
    }
    if Self.hole.overlaps(offset..<offset + UInt64(count)), Self.hole.contains(offset) {
      Self.holeReads.withLock { Self.holeReadCount += 1 }
    }
    Self.fill(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), from: offset)
    return count
  }

  func extent(at offset: UInt64) -> SourceExtent {
    if offset < Self.hole.lowerBound { return .init(isHole: false, end: Self.hole.lowerBound) }
    if offset < Self.hole.upperBound { return .init(isHole: true, end: Self.hole.upperBound) }
    return .init(isHole: false, end: size)
  }

  static let holeReads = NSLock()
  nonisolated(unsafe) static var holeReadCount = 0
}

// What Glibc's module leaves out, since it lies behind _GNU_SOURCE.
#if arch(arm64)
private let O_DIRECT: Int32 = 0o200000
#else
private let O_DIRECT: Int32 = 0o40000
#endif
private let SEEK_DATA: Int32 = 3
private let SEEK_HOLE: Int32 = 4

/// Words told by the server's threads.
private final class Told: @unchecked Sendable {
  private let lock = NSLock()
  private var texts: [String] = []
  func tell(_ text: String) { lock.withLock { texts.append(text) } }
  var all: [String] { lock.withLock { texts } }
}

private let requiresTools = ProcessInfo.processInfo.environment["VMCOREGEN_REQUIRE_TOOLS"] == "1"

@Suite(
  "Files shown through FUSE", .serialized,
  .enabled(if: requiresTools || access("/dev/fuse", R_OK | W_OK) == 0, "/dev/fuse is not there"))
final class FileServerTests {
  private let folder: String
  private let told = Told()
  private let server: FileServer
  private static let size: UInt64 = (20 << 20) + 123

  init() throws {
    folder = NSTemporaryDirectory() + "/vmcoregen-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    let told = told
    server = try FileServer(
      [
        ServedFile(name: "pattern", content: PatternSource(size: Self.size)),
        ServedFile(name: "text", content: ByteArraySource(Array("hello\n".utf8), name: "text")),
      ], on: folder, threads: 3, reportFailure: { told.tell($0) })
  }

  deinit {
    server.unmount()
    rmdir(folder)
  }

  private func path(_ name: String) -> String { "\(folder)/\(name)" }

  @Test("have their names, sizes and the modes of secrets")
  func attributes() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect(names == ["pattern", "text"])
    var status = stat()
    #expect(stat(path("pattern"), &status) == 0)
    #expect(status.st_mode == S_IFREG | 0o400)
    #expect(UInt64(status.st_size) == Self.size)
    #expect(status.st_uid == getuid())
    #expect(stat(folder, &status) == 0)
    #expect(status.st_mode == S_IFDIR | 0o500)
    #expect(try String(contentsOfFile: path("text"), encoding: .utf8) == "hello\n")
  }

  @Test("cannot be changed, removed or joined by others")
  func readOnly() {
    #expect(open(path("pattern"), O_RDWR) < 0 && errno == EROFS)
    #expect(open(path("new"), O_WRONLY | O_CREAT, 0o600) < 0)
    #expect(unlink(path("text")) < 0)
    #expect(open(path("none"), O_RDONLY) < 0 && errno == ENOENT)
  }

  @Test("show the same bytes to eight threads at random offsets", arguments: [0, O_DIRECT])
  func randomReads(_ flag: Int32) {
    let failures = Told()
    let path = path("pattern")
    DispatchQueue.concurrentPerform(iterations: 8) { number in
      var generator = SeededGenerator(seed: UInt64(number))
      let descriptor = open(path, O_RDONLY | flag)
      defer { close(descriptor) }
      var buffer = [UInt8](repeating: 0, count: 70_000)
      var wantedBytes = buffer
      for _ in 0..<40 {
        let offset = UInt64.random(in: 6 << 20..<Self.size, using: &generator)
        let wanted = Int.random(in: 1...buffer.count, using: &generator)
        let count = pread(descriptor, &buffer, wanted, off_t(offset))
        let expected = min(wanted, Int(Self.size - offset))
        wantedBytes.withUnsafeMutableBytes { PatternSource.fill($0, from: offset) }
        let isEqual = memcmp(buffer, wantedBytes, max(0, count)) == 0
        if count != expected || !isEqual { failures.tell("\(count) of \(expected) at \(offset)") }
      }
    }
    #expect(failures.all.isEmpty)
  }

  @Test("give EIO where the source cannot be read, and say why")
  func readFailure() {
    let descriptor = open(path("pattern"), O_RDONLY | O_DIRECT)
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let offset = off_t(PatternSource.broken.lowerBound)
    #expect(pread(descriptor, &buffer, 4096, offset) < 0 && errno == EIO)
    #expect(told.all.contains("pattern: offset 0x500000: a bad block"))
    #expect(pread(descriptor, &buffer, 4096, offset + 4096) == 4096)
  }

  @Test("show holes without reading them, and where they are")
  func holes() {
    let descriptor = open(path("pattern"), O_RDONLY | O_DIRECT)
    defer { close(descriptor) }
    let hole = PatternSource.hole
    let before = PatternSource.holeReads.withLock { PatternSource.holeReadCount }
    var buffer = [UInt8](repeating: 1, count: 1 << 20)
    #expect(pread(descriptor, &buffer, buffer.count, off_t(hole.lowerBound)) == buffer.count)
    #expect(buffer.allSatisfy { $0 == 0 })
    #expect(PatternSource.holeReads.withLock { PatternSource.holeReadCount } == before)
    #expect(lseek(descriptor, 0, SEEK_HOLE) == off_t(hole.lowerBound))
    #expect(
      lseek(descriptor, off_t(hole.lowerBound), SEEK_DATA) == off_t(hole.upperBound))
    #expect(lseek(descriptor, off_t(Self.size), SEEK_DATA) < 0 && errno == ENXIO)
  }

  @Test("are gone after the end, which its descriptor tells")
  func end() {
    var item = pollfd(fd: server.endDescriptor, events: Int16(POLLIN), revents: 0)
    #expect(poll(&item, 1, 0) == 0)
    server.unmount()
    #expect(poll(&item, 1, 10_000) == 1)
    #expect(access(path("text"), F_OK) < 0)
  }
}

@Suite("A directory that cannot be mounted on")
struct RefusedMountTests {
  @Test("is named with what stands in the way", arguments: ["/nowhere/at/all", "/dev/null"])
  func refused(_ path: String) throws {
    let error = #expect(throws: ServingError.self) {
      try FileServer([], on: path, threads: 1, reportFailure: { _ in })
    }
    #expect(try #require(error).description.hasPrefix("\(path): "))
    #expect(try #require(error).description.contains("expected"))
  }
}
