import Foundation
import TestSupport
import Testing
import VMCore

@Suite("A file that is a dump already")
struct StoredCoreTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  @Test(
    "Our own vmcore opened again gives the same bytes, flattened or not",
    arguments: RecipeFiles.names)
  func loop(_ name: String) throws {
    let recipe = try OpenedRecipe(named: name)
    guard recipe.built.recipe.expectation.status != 65 else { return }
    let first = try recipe.open()
    guard first.size < 8 << 20 else { return }
    let bytes = try first.allBytes()
    let again = try CrashDump(imageAt: directory.file(bytes, named: "vmcore"))
    #expect(try again.allBytes() == bytes)
    // Without VMCOREINFO the memory is searched, which makes the same of s390x.
    #expect(again.report.header.isKept || first.report.system.release == nil)
    #expect(!again.report.isPartial)
    #expect(again.report.system.release == first.report.system.release)
    let flat = FlattenedFileModel(shuffling: bytes, seed: 7).bytes
    let flattened = try CrashDump(imageAt: directory.file(flat, named: "flat"))
    #expect(try flattened.allBytes() == bytes)
    #expect(flattened.report.image.format == "flattened ELF core")
  }

  @Test("Untidy headers are put where readers look for them; notes and loads stay")
  func tidied() throws {
    let info = RecipeNote(
      name: "VMCOREINFO", type: 0, content: Array("OSRELEASE=6.1.0\nPAGESIZE=4096\n".utf8)
    ).encoded(.little)
    let status = RecipeNote(name: "CORE", type: 1, content: [UInt8](repeating: 7, count: 336))
      .encoded(.little)
    var model = ELFFileModel([
      .load(0x1400, [UInt8](repeating: 1, count: 0x800), memory: 0x1000), .note(status),
      .load(0x9000, [UInt8](repeating: 2, count: 0x1000)), .note(info),
    ])
    model.gap = 128
    model.headerSize = 8
    let dump = try CrashDump(imageAt: directory.file(model.bytes))
    let bytes = try dump.allBytes()
    var expected = ELFFileModel([
      .note(status + info), .load(0x1400, [UInt8](repeating: 1, count: 0x800), memory: 0x1000),
      .load(0x9000, [UInt8](repeating: 2, count: 0x1000)),
    ])
    expected.alignment = 4096
    #expect(bytes.count == 0x4000)
    #expect(dump.report.vmcore.loads.map(\.offset) == [0x2400, 0x3000])
    #expect(dump.report.vmcore.loads.map(\.virtualAddress) == [0x8000_1400, 0x8000_9000])
    #expect(dump.report.vmcore.noteSize == UInt64(status.count + info.count))
    #expect(dump.report.system.processors.count == 1)
    #expect(Array(bytes[0x1000..<0x1000 + status.count + info.count]) == status + info)
    #expect(bytes[0x2400..<0x2c00].allSatisfy { $0 == 1 })
    #expect(bytes[0x3000..<0x4000].allSatisfy { $0 == 2 })
    #expect(bytes[..<64] == expected.bytes[..<64])
    let again = try CrashDump(imageAt: directory.file(bytes, named: "again"))
    #expect(try again.allBytes() == bytes)
  }

  /// What `dump-guest-memory` of QEMU 7.2 writes: section headers before the program headers, a
  /// wrong e_ehsize, the registers of the moment, no VMCOREINFO.
  private func hypervisorDump(
    of built: BuiltImage, adding notes: [UInt8] = [], below end: UInt64 = .max
  ) -> [UInt8] {
    let order = built.recipe.order
    let status = RecipeNote(name: "CORE", type: 1, content: [UInt8](repeating: 7, count: 336))
    // On arm64 nothing of QEMU's own, but floating point registers.
    let registers =
      built.recipe.architecture.name == "arm64"
      ? RecipeNote(name: "CORE", type: 2, content: [UInt8](repeating: 1, count: 528))
      : RecipeNote(name: "QEMU", type: 0, content: [UInt8](repeating: 1, count: 440))
    let loads = built.extents.map { $0.range.clamped(to: 0..<end) }.map { range in
      ELFFileModel.Segment.load(
        range.lowerBound, built.memory.read(range.lowerBound, range.count))
    }
    var model = ELFFileModel(
      [.note(status.encoded(order) + registers.encoded(order) + notes)] + loads)
    model.bits = 64
    model.order = order
    model.machine = built.recipe.architecture.machine
    model.gap = 128
    model.headerSize = 8
    return model.bytes
  }

  @Test(
    "A hypervisor's dump of a machine in its second kernel gives the crashed kernel's vmcore",
    arguments: ["x86_64-kexec-tools-after", "x86_64-kernel-after", "x86_64-kexec-tools-before"])
  func hypervisor(_ name: String) throws {
    let built = try RecipeFiles.image(name)
    let dump = try CrashDump(imageAt: directory.file(hypervisorDump(of: built)))
    #expect(try dump.allBytes() == built.expectedVMCore())
    #expect(!dump.report.header.isKept)
    #expect(dump.report.header.address == built.headerAddress)
    #expect(dump.report.warningTexts.contains { $0.contains("that kernel's vmcore is made") })
  }

  /// QEMU with `-device vmcoreinfo`, dumped before the second kernel has made its own header: the
  /// registers are the second kernel's, the VMCOREINFO is the crashed one's.
  @Test(
    "A hypervisor that knows the crashed kernel's VMCOREINFO does not keep that kernel's vmcore back",
    arguments: [
      "x86_64-kexec-tools-before", "x86_64-kexec-tools-after", "x86_64-kernel-after", "arm64",
    ],
    ["before", "after"])
  func informedHypervisor(_ name: String, _ moment: String) throws {
    let text = try RecipeFiles.text(name)
      .replacing(/moment \w+/, with: "moment \(moment)")
    let built = try ImageBuilder.build(parsing: text)
    var options = CrashDumpOptions()
    options.base = built.recipe.base
    let raw = try CrashDump(
      imageAt: directory.file(built.fileBytes(), named: "raw"), options: options)
    let note = try RecipeNote(name: "VMCOREINFO", type: 0, content: raw.extract(.vmcoreinfo))
    let file = hypervisorDump(of: built, adding: note.encoded(.little))
    let dump = try CrashDump(imageAt: directory.file(file))
    #expect(try dump.allBytes() == built.expectedVMCore())
    #expect(dump.report.warningTexts.contains { $0.contains("that kernel's vmcore is made") })
  }

  @Test("A crash that only a hypervisor's VMCOREINFO tells of is said, and so are its registers")
  func unfoundCrash() throws {
    let text = Array("OSRELEASE=6.1.0\nPAGESIZE=4096\nCRASHTIME=1710000000\n".utf8)
    let note = RecipeNote(name: "VMCOREINFO", type: 0, content: text).encoded(.little)
    let built = try RecipeFiles.image("x86_64-kernel-after")
    let other = try CrashDump(
      imageAt: directory.file(hypervisorDump(of: built, adding: note, below: 0x110000)))
    #expect(other.report.header.isKept)
    #expect(other.report.system.moment == .crashed)
    #expect(other.report.warningTexts.contains { $0.contains("registers that the hypervisor saw") })
  }

  @Test("A hypervisor's registers prove no crash")
  func registersOfAnyMoment() throws {
    let built = try RecipeFiles.image("x86_64-kernel-after")
    let silent = try CrashDump(
      imageAt: directory.file(hypervisorDump(of: built, below: 0x110000)))
    #expect(silent.report.system.moment == .unknown)
    let info = RecipeNote(
      name: "VMCOREINFO", type: 0, content: Array("OSRELEASE=6.1.0\nPAGESIZE=4096\n".utf8)
    ).encoded(.little)
    let running = try CrashDump(
      imageAt: directory.file(
        hypervisorDump(of: built, adding: info, below: 0x110000), named: "running"))
    #expect(running.report.system.moment == .running)
    #expect(running.report.warningTexts.isEmpty)
    #expect(running.report.system.processors.map(\.registers?.processIdentifier) == [nil])
  }

  @Test("A hypervisor's dump of a machine that did not crash keeps its notes and says why")
  func alive() throws {
    let info = RecipeNote(
      name: "VMCOREINFO", type: 0, content: Array("OSRELEASE=6.1.0\nPAGESIZE=4096\n".utf8)
    ).encoded(.little)
    let built = try RecipeFiles.image("x86_64-kexec-tools-before")
    let kept = try CrashDump(imageAt: directory.file(hypervisorDump(of: built, adding: info)))
    #expect(kept.report.header.isKept)
    #expect(kept.report.system.processors.count == 1)
    var options = CrashDumpOptions()
    options.isRebuilding = true
    let rebuilt = try CrashDump(
      imageAt: directory.file(hypervisorDump(of: built, adding: info)), options: options)
    #expect(try rebuilt.allBytes() == built.expectedVMCore())
    let plain = ELFFileModel([
      .note(RecipeNote(name: "CORE", type: 1, content: [1]).encoded(.little)),
      .load(0x1000, [UInt8](repeating: 0, count: 4096)),
    ])
    let lonely = try CrashDump(imageAt: directory.file(plain.bytes, named: "plain"))
    #expect(lonely.report.header.isKept)
    #expect(lonely.report.warningTexts.contains { $0.hasPrefix("the dump has no VMCOREINFO note") })
  }

  @Test("QEMU's own CPU notes become those that readers know, where there are no others")
  func derivedNotes() throws {
    var state = [UInt8](repeating: 0, count: 440)
    (state[0], state[4], state[5]) = (1, 0xb8, 1)
    state.replaceSubrange(56..<64, with: RecipeOrder.little.bytes(0xffff_c900_0000_1000, width: 8))
    state.replaceSubrange(
      136..<144, with: RecipeOrder.little.bytes(0xffff_ffff_8100_0040, width: 8))
    let info = RecipeNote(
      name: "VMCOREINFO", type: 0, content: Array("OSRELEASE=6.1.0\nPAGESIZE=4096\n".utf8)
    ).encoded(.little)
    let qemu = RecipeNote(name: "QEMU", type: 0, content: state).encoded(.little)
    var model = ELFFileModel([
      .note(qemu + qemu + info), .load(0x1000, [UInt8](repeating: 1, count: 4096)),
    ])
    model.alignment = 4096
    let dump = try CrashDump(imageAt: directory.file(model.bytes))
    #expect(
      dump.report.system.processors.map(\.registers?.programCounter)
        == [0xffff_ffff_8100_0040, 0xffff_ffff_8100_0040])
    let again = try CrashDump(imageAt: directory.file(dump.allBytes(), named: "again"))
    #expect(
      again.report.system.processors.map(\.registers?.stackPointer)
        == [0xffff_c900_0000_1000, 0xffff_c900_0000_1000])
    #expect(try again.allBytes() == dump.allBytes())
  }

  @Test("The core of a process is refused, for all its memory lies at address 0")
  func process() throws {
    let notes = [(type: UInt64(1), size: 336), (type: 6, size: 320)].flatMap {
      RecipeNote(name: "CORE", type: $0.type, content: [UInt8](repeating: 1, count: $0.size))
        .encoded(.little)
    }
    let page = [UInt8](repeating: 1, count: 4096)
    let path = try directory.file(
      ELFFileModel([.note(notes), .load(0, page), .load(0, page)]).bytes)
    let error = #expect(throws: VMCoreError.self) { try CrashDump(imageAt: path) }
    #expect(error?.kind == .unusable)
    #expect(error?.description.contains("is the core of a process") == true)
  }

  @Test("--rebuild finds the second kernel's view of nothing where a vmcore holds no header")
  func rebuildNothing() throws {
    let recipe = try OpenedRecipe(named: "x86_64-kernel-after")
    let vmcore = try directory.file(recipe.open().allBytes(), named: "vmcore")
    var options = CrashDumpOptions()
    options.isRebuilding = true
    let error = #expect(throws: VMCoreError.self) {
      try CrashDump(imageAt: vmcore, options: options)
    }
    #expect(error?.description.contains("no elfcorehdr") == true)
  }

  @Test("A kdump-compressed dump gives an ELF vmcore with its memory and its notes")
  func kdump() throws {
    var model = KdumpFileModel()
    model.info = Array("OSRELEASE=6.1.0\nPAGESIZE=4096\nCRASHTIME=5\n".utf8)
    model.notes = RecipeNote(name: "VMCOREINFO", type: 0, content: model.info).encoded(.little)
    for frame in 3..<9 { model.pages[frame] = .zlib([UInt8](repeating: UInt8(frame), count: 4096)) }
    for frame in 50..<52 { model.pages[frame] = .raw([UInt8](repeating: 5, count: 4096)) }
    let dump = try CrashDump(imageAt: directory.file(model.bytes))
    #expect(dump.report.vmcore.loads.map(\.physicalAddress) == [0x3000, 0x32000])
    #expect(dump.report.vmcore.loads.map(\.size) == [0x6000, 0x2000])
    #expect(dump.report.system.crashTime == 5)
    #expect(try dump.extract(.vmcoreinfo) == model.info)
    #expect(try dump.extract(.notes) == model.notes)
    let bytes = try dump.allBytes()
    #expect(bytes[0x2000..<0x8000].elementsEqual((3..<9).flatMap { model.content(of: $0) }))
    let again = try CrashDump(imageAt: directory.file(bytes, named: "again"))
    #expect(try again.allBytes() == bytes)
  }

  @Test("A named pipe is read through a copy, which is said once", arguments: [false, true])
  func pipe(_ isFlattened: Bool) throws {
    let recipe = try OpenedRecipe(named: "x86_64-kernel-after")
    let expected = try recipe.open().allBytes()
    let fifo = directory.path("fifo")
    #expect(mkfifo(fifo, 0o600) == 0)
    let content =
      isFlattened
      ? FlattenedFileModel(shuffling: expected, seed: 3).bytes : recipe.built.fileBytes()
    Thread.detachNewThread { try? Data(content).write(to: URL(fileURLWithPath: fifo)) }
    let dump = try CrashDump(imageAt: fifo)
    #expect(try dump.allBytes() == expected)
    #expect(dump.report.image.notices.count == 1)
    let notice = dump.report.image.notices.first ?? ""
    #expect(notice.hasPrefix("\(fifo): can only be read in order"))
    #expect(notice.hasSuffix("unflattened") == isFlattened)
  }
}
