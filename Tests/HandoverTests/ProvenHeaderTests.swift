import Bytes
import CrashedKernel
import DumpRecords
import Handover
import MemoryImages
import Synchronization
import TestSupport
import Testing

@Suite("A header that is proved before everything was read")
struct ProvenHeaderTests {
  /// A machine of 512 MiB whose crash region is at its top, and 12 MiB of other data.
  private static let large = """
    arch x86_64
    ram 0x100000-0x20000000
    fill 0x1000000-0x1c00000 random 7
    crash 0x1f000000-0x1f080000
    osrelease 6.1.0
    crashtime 1700001200
    info SYMBOL(_stext)=ffffffff80110000
    info SYMBOL(swapper_pg_dir)=ffffffff80160000
    info SYMBOL(init_uts_ns)=ffffffff80140000
    info NUMBER(phys_base)=0
    system-name 0x140000
    kernel-symbols 0x120000 at 0xffffffff80120000
    symbol _stext 0xffffffff80110000
    symbol init_uts_ns 0xffffffff80140000
    kexec-image 0x130000 at 0xffff888000130000 0x1f000000-0x1f010000 0x1f050000-0x1f051000
    cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=5
    header 0x1f050000
    moment before

    """

  /// What is read to find the header, without the loads of the vmcore.
  private func bytesRead(
    _ recipe: String, _ options: SearchOptions = SearchOptions(), header: UInt64 = 0x1f05_0000
  ) throws -> UInt64 {
    let opened = try OpenedRecipe(recipe)
    let source = ReadCounter(try FileSource(path: opened.path))
    let memory = try PhysicalMemory(regions: [
      MemoryRegion(range: 0..<source.size, source: source, offset: 0)
    ])
    let image = MemoryImage(
      name: source.name, format: "raw", memory: memory, layout: .identity, layoutIsOpen: false,
      files: [])
    #expect(try SystemFinder.find(in: image, options).headerAddress == header)
    return source.bytesRead
  }

  private static let read: UInt64 = 4 << 20

  @Test(
    "is found without what the vmcore shows",
    arguments: ["name-by boot-params 0x1f060000", "name-by nothing"])
  func loaded(naming: String) throws {
    #expect(try bytesRead(Self.large + naming) < Self.read)
  }

  @Test("is found where only the kernel's vmcoreinfo lies at the top of memory")
  func loadedElsewhere() throws {
    let recipe =
      Self.large.replacing("0x1f0", with: "0x30") + "vmcoreinfo 0x1f800000\nname-by nothing"
    #expect(try bytesRead(recipe, header: 0x305_0000) < Self.read)
  }

  @Test(
    "is believed after a look at everything where nothing proves it, and where all is asked for")
  func unproved() throws {
    let unproved = Self.large.replacing("0x1f050000-0x1f051000", with: "0x1f060000-0x1f061000")
    #expect(try bytesRead(unproved + "name-by nothing") > Self.read)
    var options = SearchOptions()
    options.isThorough = true
    #expect(try bytesRead(Self.large + "name-by nothing", options) > Self.read)
  }

  @Test("is the one that a look at everything finds, with all that belongs to it")
  func same() throws {
    var count = 0
    for name in RecipeFiles.names {
      let opened = try OpenedRecipe(named: name)
      var options = SearchOptions()
      guard let early = try? opened.system(options) else { continue }
      options.isThorough = true
      let full = try opened.system(options)
      count += 1
      #expect(early.headerAddress == full.headerAddress, "\(name)")
      #expect(early.headerRegion == full.headerRegion, "\(name)")
      #expect(early.layout == full.layout, "\(name)")
      #expect(early.moment == full.moment, "\(name)")
      #expect(early.mergedLayout == full.mergedLayout, "\(name)")
      #expect(early.warnings == full.warnings, "\(name)")
    }
    #expect(count > 40)
  }
}

/// A source, and how much of it was read.
private final class ReadCounter: ByteSource {
  private let source: any ByteSource
  private let count = Mutex<UInt64>(0)

  init(_ source: any ByteSource) { self.source = source }

  var name: String { source.name }
  var size: UInt64 { source.size }
  var bytesRead: UInt64 { count.withLock { $0 } }

  func extent(at offset: UInt64) -> SourceExtent { source.extent(at: offset) }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    let read = try source.read(at: offset, into: buffer)
    count.withLock { $0 += UInt64(read) }
    return read
  }
}
