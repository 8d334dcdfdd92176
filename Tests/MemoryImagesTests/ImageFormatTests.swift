import Bytes
import Foundation
import MemoryImages
import TestSupport
import Testing

@Suite("Opening an image")
struct ImageFormatTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  @Test("A raw file is memory, address = offset, and its layout may still be found out")
  func raw() throws {
    let path = try directory.file(Array(repeating: 7, count: 0x2000))
    let image = try ImageFormat.open(path: path, options: ImageOptions(machines: []))
    #expect(image.format == "raw")
    #expect(image.layout == .identity)
    #expect(image.layoutIsOpen)
    #expect(image.memory.regions.map(\.range) == [0..<0x2000])
    let moved = image.memory(under: .base(0x8000_0000))
    #expect(moved?.regions.map(\.range) == [0x8000_0000..<0x8000_2000])
  }

  @Test("A base and holes that are given decide")
  func given() throws {
    let path = try directory.file(Array(repeating: 7, count: 0x3000))
    var options = ImageOptions(machines: [])
    options.base = 0x1000
    options.holes = [0x5000..<0x6000, 0x2000..<0x3000]
    let image = try ImageFormat.open(path: path, options: options)
    #expect(!image.layoutIsOpen)
    #expect(image.memory.regions.map(\.range) == [0x1000..<0x2000, 0x3000..<0x5000])
    #expect(image.memory(under: .identity) == nil)
  }

  @Test(
    "Options that contradict each other are named",
    arguments: [
      (0x1000, [0x5000..<0x7000, 0x6000..<0x8000], false, "overlap"),
      (0x6000, [0x5000..<0x7000], false, "begins before the file's first byte at 0x6000"),
      (0x1000, [], true, "cannot be combined with base or holes"),
    ] as [(UInt64, [Range<UInt64>], Bool, String)])
  func contradictions(
    _ base: UInt64, _ holes: [Range<UInt64>], _ hasMachine: Bool, _ text: String
  ) throws {
    let path = try directory.file([1, 2, 3])
    var options = ImageOptions(machines: [])
    options.base = base
    options.holes = holes
    options.machine = hasMachine ? .pc : nil
    let error = #expect(throws: ImageError.self) {
      try ImageFormat.open(path: path, options: options)
    }
    #expect(error?.kind == .usage)
    #expect(error?.description.contains(text) == true)
  }

  @Test(
    "A file that is no raw memory is refused with what to do about it",
    arguments: [
      (Array("DISKDUMP".utf8), "crash opens it as it is"),
      (Array("LibvirtQemudPart".utf8), "virsh dump --memory-only"),
      (Array("HIBR".utf8), "is a hibernation file of Windows"),
      (Array(repeating: 0, count: 4086) + Array("S1SUSPEND".utf8), "with a hibernation image"),
      ([0, 0, 0, 8, 0x0f, 0xee, 0xdd, 0xb2], "is a core file of AIX"),
      ([0xe2, 0xd9, 0, 0, 0xe5, 0xd4, 0xc4, 0xe4, 0xd4, 0xd7, 0x40, 0x40], "zgetdump FILE -f elf"),
      (Array(repeating: 0, count: 12_288) + Array("XECKD64".utf8), "pass the partition"),
      ([0x51, 0x46, 0x49, 0xfb], "'-S -loadvm NAME'"), (Array("KDMV".utf8), "is the disk of"),
      (vdi("QEMU VM Virtual Disk Image"), "is the disk of"),
      (vdi("Oracle VM VirtualBox Disk Image"), "is the disk of"),
      ([0x02, 0x21, 0x4c, 0x18], "'lz4 -dcq < FILE > image.bin'"),
      (
        [0x5d, 0, 0, 0x80, 0] + Array(repeating: 255, count: 8) + Array(repeating: 0, count: 9)
          + Array(repeating: 7, count: 60), "'xz --format=lzma -dc < FILE > image.bin'"
      ),
      (Array("\u{7f}VirtualBox SavedState V2.0".utf8), "dumpvmcore"),
      (Array("Xen saved domain, xl format".utf8), "xl dump-core"),
      (Array(repeating: 255, count: 8) + Array("XENF".utf8), "xl dump-core"),
      ([0x14, 0x20, 0x28, 0x01], "VmSavedStateDumpProvider"), (Array("VMA\0".utf8), "vm-ID-state"),
      (
        [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + Array(repeating: 0, count: 9) + [2, 0, 62, 0], "vmlinux"
      ),
      (Array(repeating: 0, count: 0x1fe) + [0x55, 0xaa, 0, 0] + Array("HdrS".utf8), "bzImage"),
      (Array(repeating: 1, count: 257) + Array("ustar".utf8), "take the dump out of it"),
      (Array(repeating: UInt8(ascii: "x"), count: 4095) + [0x0a], "is a text"),
      (Array("PAGEDU".utf8), "expected the memory of a Linux machine"),
    ] as [([UInt8], String)])
  func foreign(_ magic: [UInt8], _ advice: String) throws {
    let path = try directory.file(magic + Array(repeating: 0, count: 4096))
    let error = #expect(throws: ImageError.self) {
      try ImageFormat.open(path: path, options: ImageOptions(machines: []))
    }
    #expect(error?.kind == .unusable)
    #expect(error?.description.hasPrefix("\(path): is ") == true)
    #expect(error?.description.contains(advice) == true, "\(error?.description ?? "")")
    var options = ImageOptions(machines: [])
    options.format = .raw
    #expect(try ImageFormat.open(path: path, options: options).format == "raw")
  }

  /// The head of a disk that some program made.
  private static func vdi(_ name: String) -> [UInt8] {
    let text = Array("<<< \(name) >>>\n".utf8)
    return text + [UInt8](repeating: 0, count: 64 - text.count) + [
      0x7f, 0x10, 0xda, 0xbe, 1, 0, 1, 0,
    ]
  }

  @Test(
    "A kernel to boot is refused, and memory that begins with one is not",
    arguments: [Array("ARM\u{64}".utf8), Array("RSC\u{5}".utf8)])
  func flatKernel(_ mark: [UInt8]) throws {
    let memory = UInt64(0x20_0000)
    let head =
      [UInt8](repeating: 0x13, count: 16) + RecipeOrder.little.bytes(memory, width: 8)
      + [UInt8](repeating: 0, count: 32) + mark
    for (size, isKernel) in [(0x18_0000, true), (0x40_0000, false)] {
      let path = try directory.file(head + [UInt8](repeating: 5, count: size - head.count))
      let options = ImageOptions(machines: [])
      guard isKernel else {
        #expect(try ImageFormat.open(path: path, options: options).format == "raw")
        continue
      }
      let error = #expect(throws: ImageError.self) {
        try ImageFormat.open(path: path, options: options)
      }
      #expect(
        error?.description
          == "\(path): is a kernel to boot (Image), expected the memory of a machine")
    }
  }

  @Test(
    "The state of a Firecracker snapshot tells where its memory lies",
    arguments: [([0x64, 0x86], 0), ([0xaa, 0xaa], 0x8000_0000)] as [([UInt8], UInt64)])
  func firecracker(_ machine: [UInt8], _ start: UInt64) throws {
    let memory = try directory.file([UInt8](repeating: 0, count: 4096), named: "vm.mem")
    let mark = [0, 0] + machine + [0x84, 0x19, 0x10, 0x07]
    try directory.file(mark + [UInt8](repeating: 1, count: 64), named: "vm.state")
    let image = try ImageFormat.open(path: memory, options: ImageOptions(machines: []))
    #expect(image.memory.regions.map(\.range) == [start..<start + 4096])
    #expect(!image.layoutIsOpen)
  }

  @Test("Every format but raw refuses something, and raw takes what is left")
  func formats() {
    #expect(ImageFormat.all.last?.name == "raw")
    #expect(Set(ImageFormat.all.map(\.name)).count == ImageFormat.all.count)
    #expect(
      ImageFormat.all.dropLast().allSatisfy { !$0.recognizes([UInt8](repeating: 0, count: 64)) })
    #expect(ImageFormat.all.dropLast().allSatisfy { !$0.recognizes([]) })
  }

  @Test(
    "An option that does not go with the format is refused before the file is read",
    arguments: ImageFormat.all.map(\.name))
  func accepted(_ name: String) throws {
    let format = try #require(ImageFormat.all.first { $0.name == name })
    let source = ByteArraySource([UInt8](repeating: 0, count: 16), name: "image")
    var input = ImageInput(source)
    input.parts = [ImageInput(source)]
    var options = ImageOptions(machines: [])
    options.base = 0x1000
    func text(_ input: ImageInput, _ options: ImageOptions) -> String {
      do throws(ImageError) {
        _ = try format.open(input, options)
        return ""
      } catch {
        return error.description
      }
    }
    let isPart = text(input, ImageOptions(machines: [])).hasPrefix("parts image: goes with")
    #expect(isPart == !format.accepts.contains(.parts))
    let isLayout = text(ImageInput(source), options).hasPrefix("base, holes, machine:")
    #expect(isLayout == !format.accepts.contains(.layout))
  }

  @Test("What goes with each format is known")
  func acceptance() {
    #expect(ImageFormat.elf.accepts == [])
    #expect(ImageFormat.kdump.accepts == .parts)
    #expect(ImageFormat.raw.accepts == .layout)
    #expect(ImageFormat.flattened.accepts == .all)
    #expect(ImageFormat.vmware.accepts == .parts)
    #expect(ImageFormat.savevm.accepts == .layout)
  }

  @Test("An empty file, an empty pipe and a name without a file are refused in words")
  func unusable() throws {
    func failure(_ path: String) -> ImageError? {
      #expect(throws: ImageError.self) {
        try ImageFormat.open(path: path, options: ImageOptions(machines: []))
      }
    }
    let empty = failure(try directory.file([]))
    #expect(empty?.kind == .unusable)
    #expect(empty?.description.hasSuffix("is empty, expected a memory image") == true)
    #expect(failure("/dev/null")?.description.contains("store it in a file first") == true)
    let fifo = directory.path("fifo")
    #expect(mkfifo(fifo, 0o600) == 0)
    Thread.detachNewThread { close(open(fifo, O_WRONLY)) }
    #expect(failure(fifo)?.description.hasSuffix("is empty, expected a memory image") == true)
    #expect(failure(directory.path("nothing"))?.kind == .cannotOpen)
  }
}
