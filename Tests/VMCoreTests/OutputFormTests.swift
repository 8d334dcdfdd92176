import TestConditions
import TestSupport
import Testing
import VMCore

@Suite("The memory of a vmcore in other forms")
struct OutputFormTests {
  typealias Crash = KdumpOutputTests.Crash

  private func written(_ format: OutputOptions.Format, of crash: Crash) throws -> [UInt8] {
    var output = OutputOptions()
    output.format = format
    return try crash.written(output)
  }

  @Test(
    "as raw memory has each load at its address, and zeros between",
    arguments: ["readme", "x86_64-kexec-tools-after", "i386-elf32", "s390x-before", "tiny"])
  func raw(_ name: String) throws {
    let crash = try Crash(name)
    let raw = try written(.raw, of: crash)
    var rest = raw
    for load in crash.dump.report.vmcore.loads {
      let address = Int(load.physicalAddress)
      let count = min(Int(load.size), max(0, raw.count - address))
      let start = Int(load.offset)
      #expect(
        difference(Array(raw[address..<address + count]), Array(crash.elf[start..<start + count]))
          == nil)
      // What an image lacks at the end of memory is not there.
      #expect(crash.elf[start + count..<start + Int(load.size)].allSatisfy { $0 == 0 })
      rest.replaceSubrange(address..<address + count, with: repeatElement(0, count: count))
    }
    #expect(rest.allSatisfy { $0 == 0 })
  }

  @Test(
    "as a LiME file has the same memory in ascending ranges",
    arguments: ["readme", "x86_64-kexec-tools-after", "i386-elf32", "s390x-before", "tiny"])
  func lime(_ name: String) throws {
    let crash = try Crash(name)
    var raw = try written(.raw, of: crash)
    let file = try written(.lime, of: crash)
    let order = RecipeOrder.little
    var place = 0
    var end = 0
    while place < file.count {
      #expect(file[place..<place + 8].elementsEqual(Array("EMiL".utf8) + [1, 0, 0, 0]))
      let first = Int(order.value(in: file, at: place + 8, width: 8))
      let last = Int(order.value(in: file, at: place + 16, width: 8))
      #expect(order.value(in: file, at: place + 24, width: 8) == 0)
      #expect(first >= end && last >= first)
      let range = first..<last + 1
      let content = Array(file[place + 32..<place + 32 + range.count])
      #expect(difference(content, Array(raw[range])) == nil)
      raw.replaceSubrange(range, with: repeatElement(0, count: range.count))
      place += 32 + range.count
      end = range.upperBound
    }
    #expect(place == file.count && end == raw.count)
    #expect(raw.allSatisfy { $0 == 0 })
  }

  @Test("is packed with gzip, but neither flattened nor split")
  func combinations() throws {
    let crash = try Crash("readme")
    for format in [OutputOptions.Format.lime, .raw] {
      let plain = try written(format, of: crash)
      var output = OutputOptions()
      output.format = format
      output.gzipLevel = 1
      #expect(try GzipModel.members(try crash.written(output)).flatMap { $0 } == plain)
      output.gzipLevel = nil
      output.isFlattened = true
      #expect(throws: VMCoreError.self) { try crash.written(output) }
      output.isFlattened = false
      output.splitSize = 1 << 20
      #expect(throws: VMCoreError.self) { try crash.written(output) }
    }
  }

  @Test(
    "in a kdump-compressed file packed in any way is the same memory, for any number of threads",
    arguments: OutputOptions.Compression.allCases)
  func compressions(_ compression: OutputOptions.Compression) throws {
    let crash = try Crash("readme")
    var output = KdumpOutputTests.output(1, .zlib)
    let expected = try crash.written(output)
    let whole = try CrashDump(imageAt: crash.folder.path("out")).allBytes()
    output.compression = compression
    if !compression.isAvailable { return try OutsideTool.absent("a library of \(compression)") }
    for level in compression == .zstd ? [1, 19] : [1] {
      output.level = level
      let packed = try crash.written(output, to: "packed")
      let found = try CrashDump(imageAt: crash.folder.path("packed")).allBytes()
      #expect(difference(found, whole) == nil)
      #expect((packed == expected) == (compression == .zlib))
      for jobs in [2, 5] {
        output.workers = jobs
        #expect(try crash.written(output, to: "again") == packed)
      }
    }
    for level in compression == .zstd ? [0, 20] : compression == .none ? [] : [-1, 10] {
      output.level = level
      #expect(throws: VMCoreError.self) { try crash.written(output, to: "none") }
    }
  }
}
