import Bytes
import CoreWriting
import Foundation
import TestSupport
import Testing

@Suite("A descriptor that is written in order")
struct OrderedOutputTests {
  private func ordered(
    _ descriptor: Int32, hasDigest: Bool = false, isCancelled: Bool = false
  ) -> OrderedOutput {
    OutputDescriptor(
      inOrder: descriptor, name: "out", monitor: WriteMonitor(isCancelled: { isCancelled })
    ).ordered(hasDigest: hasDigest)
  }

  @Test(
    "gets bytes and zeros one behind the other, with the digest of both",
    arguments: [true, false], [true, false])
  func pipe(_ isPipe: Bool, _ hasDigest: Bool) throws {
    var expected = [UInt8](repeating: 1, count: 300_000)
    expected += [UInt8](repeating: 0, count: 1_500_000) + [2]
    var digest: [UInt8]?
    func write(to descriptor: Int32) throws {
      let output = ordered(descriptor, hasDigest: hasDigest)
      try output.write([UInt8](repeating: 1, count: 300_000))
      try output.writeZeros(1_500_000)
      try output.write([2])
      digest = output.digest
    }
    let found: [UInt8]
    if isPipe {
      found = try TestPipe().read(write)
    } else {
      let file = try OpenTestFile()
      try write(to: file.descriptor)
      found = try file.bytes()
    }
    #expect(difference(found, expected) == nil)
    #expect(digest == (hasDigest ? expected.digest : nil))
  }

  /// The place of a file's bytes.
  private func position(_ file: OpenTestFile, _ offset: UInt64) -> FilePosition {
    FilePosition(descriptor: file.descriptor, offset: offset)
  }

  @Test("takes pages of a file as they are, where it is a pipe")
  func move() throws {
    let bytes = HolySource(size: 2_000_000, seed: 3).bytes
    let file = try OpenTestFile(holding: bytes)
    let found = try TestPipe().read { descriptor in
      let output = ordered(descriptor)
      var done: UInt64 = 5
      while done < 2_000_000 {
        done += try #require(try output.move(position(file, done), 2_000_000 - done))
      }
      #expect(try output.move(position(file, 2_000_000), 1) == nil, "behind the end")
    }
    #expect(difference(found, Array(bytes[5...])) == nil)
  }

  @Test("looks at what is hashed, and at what goes into a file")
  func copies() throws {
    let file = try OpenTestFile(holding: [1, 2, 3])
    let pipe = try TestPipe()
    #expect(try ordered(pipe.writeEnd, hasDigest: true).move(position(file, 0), 3) == nil)
    #expect(try OpenTestFile().ordered().move(position(file, 0), 3) == nil)
    #expect(pipe.waiting == 0)
  }

  @Test("ends at once where it is interrupted and nobody reads, whatever is written")
  func interrupted() throws {
    let pipe = try TestPipe()
    let whole = ordered(pipe.writeEnd)
    // Fills the pipe, however large it is.
    while pipe.waiting < 1 << 20 { try whole.writeZeros(1 << 16) }
    let output = ordered(pipe.writeEnd, isCancelled: true)
    let start = ContinuousClock.now
    for write in [{ try output.write([1]) }, { try output.writeZeros(1 << 20) }] {
      let error = #expect(throws: WriteError.self) { try write() }
      #expect(error == WriteError(.cancelled, "out: interrupted after 0 bytes"))
    }
    #expect(.now - start < .milliseconds(500))
  }

  @Test("of records waits for its reader to take the rest of one, but not for ever")
  func patience() throws {
    let pipe = try TestPipe()
    let filler = ordered(pipe.writeEnd)
    while pipe.waiting < 1 << 20 { try filler.writeZeros(1 << 16) }
    let start = ContinuousClock.now
    #expect(throws: WriteError.self) {
      _ = try FlattenedOutput(ordered(pipe.writeEnd, isCancelled: true))
    }
    #expect(.now - start > .seconds(1))
  }

  @Test("whose reader goes away is told from one that fails")
  func closedPipe() throws {
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    #expect(Glibc.pipe(&ends) == 0)
    close(ends[0])
    defer { close(ends[1]) }
    let error = #expect(throws: WriteError.self) { try ordered(ends[1]).write([1]) }
    #expect(error == WriteError(.closedPipe, "out: Broken pipe, after 0 bytes"))
  }

  @Test("tells how far it got, of how much where that is known", arguments: [nil, 9])
  func failure(_ size: UInt64?) throws {
    let descriptor = open("/dev/full", O_WRONLY)
    defer { close(descriptor) }
    let output = OutputDescriptor(
      inOrder: descriptor, name: "out", monitor: WriteMonitor()
    ).ordered(size: size)
    let error = #expect(throws: WriteError.self) { try output.write([1]) }
    let place = size == nil ? "0 bytes" : "0 of 9 bytes"
    #expect(error == WriteError(.failed, "out: No space left on device, after \(place)"))
  }
}
