import Bytes
import CrashedKernel
import DumpRecords
import MemoryImages
import TestSupport
import Testing

@Suite("Whether a kernel is where its vmcoreinfo says")
struct KernelPresenceTests {
  /// An s390x kernel since 6.10, whose image was moved to 0x100000: `init_uts_ns` is 0x1000 behind
  /// its start.
  private static let lines = [
    "OSRELEASE=6.12.0", "SYMBOL(init_uts_ns)=3ffe0401000", "OFFSET(uts_namespace.name)=4",
    "KERNELOFFSET=3ffe0400000", "KERNELOFFPHYS=100000", "IDENTITYBASE=0",
  ]

  private static func presence(
    _ lines: [String] = lines, lost: Range<UInt64> = 0..<0, _ change: (inout [UInt8]) -> Void
  ) throws -> KernelPresence {
    var bytes = [UInt8](repeating: 0, count: 0x10_2000)
    change(&bytes)
    let region = MemoryRegion(
      range: 0..<UInt64(bytes.count),
      source: DamagedSource(bytes: ByteArraySource(bytes, name: "m"), lost: lost), offset: 0)
    let kernel = try #require(
      Kernel(
        VMCoreInfo(Array(lines.map { $0 + "\n" }.joined().utf8)), .s390x, order: .big,
        memory: PhysicalMemory(region: region)))
    return try kernel.presence()
  }

  /// A source that has lost a range.
  private struct DamagedSource: ByteSource {
    let bytes: ByteArraySource
    let lost: Range<UInt64>

    var name: String { bytes.name }
    var size: UInt64 { bytes.size }

    func read(
      at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
    ) throws(ReadError) -> Int {
      try bytes.read(at: offset, into: buffer)
    }

    func extent(at offset: UInt64) -> SourceExtent {
      if lost.contains(offset) {
        return SourceExtent(isHole: false, isLeftOut: true, end: lost.upperBound)
      }
      return SourceExtent(isHole: false, end: offset < lost.lowerBound ? lost.lowerBound : size)
    }
  }

  private static func put(_ release: String, at place: Int, in bytes: inout [UInt8]) {
    for (index, text) in ["Linux", "node", release, "#1", "s390x", "none"].enumerated() {
      bytes.replaceSubrange(
        place + 65 * index..<place + 65 * index + text.utf8.count, with: text.utf8)
    }
  }

  @Test("An image that was moved is looked for where it was moved to")
  func moved() throws {
    #expect(
      try Self.presence { Self.put("6.12.0", at: 0x10_1004, in: &$0) }
        == .confirmed(at: 0x10_1004))
    #expect(
      try Self.presence { Self.put("6.11.0", at: 0x10_1004, in: &$0) }
        == .contradicted(
          at: 0x10_1004, "init_uts_ns at 0x101000 says 6.11.0, vmcoreinfo says 6.12.0"))
    #expect(
      try Self.presence { _ in }
        == .contradicted(
          at: 0x10_1004, "init_uts_ns at 0x101000 is empty, vmcoreinfo says 6.12.0"))
  }

  @Test("A kernel has its name anywhere in the structure, and what the image lacks proves nothing")
  func shuffled() throws {
    #expect(
      try Self.presence { Self.put("6.12.0", at: 0x10_1104, in: &$0) }.isConfirmed)
    var cut = Self.lines
    cut[1] = "SYMBOL(init_uts_ns)=3ffe0401e00"
    #expect(try Self.presence(cut) { _ in } == .unknown)
    cut[1] = "SYMBOL(init_uts_ns)=3ffe0501000"
    #expect(try Self.presence(cut) { _ in } == .unknown)
  }

  @Test("What was lost proves nothing, what is there does")
  func lost() throws {
    #expect(try Self.presence(lost: 0x10_1000..<0x10_2000) { _ in } == .unknown)
    #expect(try Self.presence(lost: 0x10_1200..<0x10_1201) { _ in } == .unknown)
    let other = try Self.presence(lost: 0x10_1400..<0x10_2000) { _ in }
    #expect(other != .unknown)
    let old = try Self.presence(lost: 0x10_1300..<0x10_2000) {
      Self.put("6.11.0", at: 0x10_1004, in: &$0)
    }
    #expect(old != .unknown)
  }
}
