import TestSupport
import Testing
import VMCore

@Suite("The vmcore of every recipe")
struct RecipeVMCoreTests {
  @Test(
    "It is the second kernel's, byte for byte, and the header is where the recipe says",
    arguments: RecipeFiles.names)
  func equal(_ name: String) throws {
    let recipe = try OpenedRecipe(named: name)
    let expectation = recipe.built.recipe.expectation
    guard expectation.status != 65 else {
      let error = #expect(throws: VMCoreError.self) { try recipe.open() }
      #expect(error?.kind == .unusable)
      let said = [error?.description ?? ""] + (error?.hints.map(\.description) ?? [])
      for message in expectation.messages {
        #expect(said.contains { $0.contains(message) }, "\(message): \(said)")
      }
      return
    }
    let dump = try recipe.open()
    #expect(dump.report.header.address == expectation.header)
    #expect(dump.report.isPartial == (expectation.status == 1))
    if recipe.built.recipe.s390 == nil {
      let said = dump.report.warningTexts
      for message in expectation.messages {
        #expect(said.contains { $0.contains(message) }, "\(message): \(said)")
      }
    }
    let expected = try recipe.built.expectedVMCore()
    #expect(dump.size == UInt64(expected.count))
    #expect(dump.report.vmcore.size == dump.size)
    let bytes = try dump.allBytes()
    #expect(difference(bytes, expected) == nil)
  }

  @Test(
    "Another kernel's layout and page size are made when they are asked for",
    arguments: LayoutModel.Compat.allCases, [UInt64(4096), 16384, 65536])
  func layouts(_ compat: LayoutModel.Compat, _ pageSize: UInt64) throws {
    for name in ["x86_64-kernel-after", "i386-elf32", "mips64", "damaged-note"] {
      let recipe = try OpenedRecipe(named: name)
      let dump = try recipe.open {
        $0.compatibility = Compatibility(rawValue: compat.rawValue)
        $0.pageSize = pageSize
      }
      #expect(dump.report.vmcore.compatibility.rawValue == compat.rawValue)
      #expect(dump.report.system.pageSize == pageSize)
      #expect(
        try dump.allBytes() == recipe.built.expectedVMCore(compat: compat, pageSize: pageSize),
        "\(name)")
    }
  }

  @Test(
    "Notes that do not come first are refused with a hint, and --exact does what the kernel does")
  func exact() throws {
    let recipe = try OpenedRecipe(named: "notes-not-first")
    let error = #expect(throws: VMCoreError.self) { try recipe.open() }
    #expect(error?.description.hasSuffix("(isExact does what it does)") == true)
    #expect(error?.description.hasPrefix("\(recipe.path): ") == true)
    let exact = try recipe.open { $0.isExact = true }
    #expect(try difference(exact.allBytes(), recipe.built.expectedVMCore(exact: true)) == nil)
  }

  @Test("Before the purgatory has run, --state=post gives what the second kernel would read then")
  func state() throws {
    for name in ["x86_64-kexec-tools-before", "backup-tail-before", "ppc64", "i386-elf64"] {
      let recipe = try OpenedRecipe(named: name)
      let backup = try #require(recipe.built.recipe.backup)
      let size = Int(backup.source.upperBound - backup.source.lowerBound)
      let found = try recipe.open()
      let load = try #require(
        found.report.vmcore.loads.first { $0.physicalAddress == backup.source.lowerBound })
      let low = recipe.built.memory.read(backup.source.lowerBound, size)
      #expect(try difference(found.bytes(at: load.offset, count: size), low) == nil)
      let before = try recipe.open { $0.state = .before }
      #expect(try difference(before.allBytes(), found.allBytes()) == nil, "\(name)")
      let post = try recipe.open { $0.state = .after }
      #expect(try post.bytes(at: load.offset, count: size).allSatisfy { $0 == 0 }, "\(name)")
      #expect(post.size == found.size)
    }
  }

  @Test("Under Xen dom0's own vmcoreinfo tells the layout, since the header has the hypervisor's")
  func domainZero() throws {
    let text = """
      arch i386
      class 64
      ram 0x100000-0x400000
      fill 0x110000-0x114000 random 131
      fill 0x300000-0x304000 counter
      crash 0x200000-0x280000
      osrelease 3.2.0-4-686-pae
      vmcoreinfo none
      cpu 0 running pc=0xc1012345 sp=0xc2003e48 pid=5 buffer=1024
      note VMCOREINFO_XEN 0 5041474553495a453d343039360a53594d424f4c28646f6d61\
      696e5f6c697374293d666666663832643038303462316133380a53594d42\
      4f4c287067645f6c34293d666666663832643038303536303030300a
      other-kernel 3.2.0-4-686-pae 0x320000 0x330000 SYMBOL(_stext)=c1000000 \
      SYMBOL(init_uts_ns)=c1400000
      header 0x27e000
      moment before
      name-by boot-params 0x270000
      """
    let recipe = try OpenedRecipe(text)
    let dump = try recipe.open()
    #expect(dump.report.header.address == 0x27e000)
    #expect(dump.report.system.release == "3.2.0-4-686-pae")
    #expect(
      dump.report.warningTexts.contains(
        "the core header has Xen's vmcoreinfo alone: the release 3.2.0-4-686-pae is taken from "
          + "dom0's own note at 0x320000"))
    #expect(try difference(dump.allBytes(), recipe.built.expectedVMCore(compat: .before311)) == nil)
  }

  @Test("What follows the backup buffer fills the last page, never what follows its source")
  func backupTail() throws {
    let recipe = try OpenedRecipe(named: "backup-tail-before")
    let dump = try recipe.open()
    let load = try #require(dump.report.vmcore.loads.first { $0.physicalAddress == 0x1000 })
    #expect(load.size == 0x4c00)
    #expect(
      try dump.bytes(at: load.offset + 0x4c00, count: 0x400) == Array(repeating: 0x77, count: 0x400)
    )
  }

  @Test("A file that ends early gives zeros, one merged range and a partial dump")
  func truncated() throws {
    let report = try OpenedRecipe(named: "truncated").open().report
    #expect(report.vmcore.missing == [0x380000..<0x400000])
    #expect(
      report.warningTexts == [
        "the image lacks 0x80000 bytes of memory, filled with zeros: [0x380000, 0x400000)"
      ])
    let split = try OpenedRecipe(
      named: "truncated",
      adding: """
        truncate 0x370000
        moment before
        load set 3 memsz=0x100000 filesz=0x100000
        load add offset=0x380000 paddr=0x380000 memsz=0x80000 filesz=0x80000
        """
    ).open()
    #expect(split.report.vmcore.missing == [0x370000..<0x400000])
    #expect(split.report.warningTexts.count == 1)
  }

  @Test("A load that is no range of memory is left out with a warning, and --exact refuses")
  func unsoundLoad() throws {
    let recipe = try OpenedRecipe(named: "arm64-broken-text")
    let dump = try recipe.open()
    #expect(
      dump.report.warningTexts == [
        "PT_LOAD 3 is left out: p_offset 0x5247dbc00000, p_memsz 0xffffadb866610000: ends beyond "
          + "2⁶⁴, expected a range of physical memory"
      ])
    #expect(dump.report.vmcore.loads.map(\.physicalAddress) == [0x4000_0000, 0x4030_0000])
    let error = #expect(throws: VMCoreError.self) { try recipe.open { $0.isExact = true } }
    #expect(error?.description.contains("PT_LOAD 3 is no range of memory") == true)
    #expect(error?.description.hasSuffix("so isExact cannot be done") == true)
  }

  @Test("Extracted parts are those of the image and of the vmcore")
  func extract() throws {
    let recipe = try OpenedRecipe(named: "x86_64-kexec-tools-after")
    let dump = try recipe.open()
    let header = try dump.extract(.elfcorehdr)
    #expect(header == Array(recipe.built.headerBytes.prefix(header.count)))
    let text = try dump.extract(.vmcoreinfo)
    #expect(text.starts(with: Array("OSRELEASE=6.1.0-18-amd64\n".utf8)))
    #expect(text.suffix(21) == Array("CRASHTIME=1700000000\n".utf8)[...])
    #expect(
      try dump.extract(.notes) == dump.bytes(at: 0x1000, count: Int(dump.report.vmcore.noteSize)))
    let memory = try dump.memory(at: 0x120000, count: 16)
    #expect(memory == recipe.built.read(0x120000, 16))
    #expect(try dump.memory(at: 0x4000_0000, count: 16) == nil)
  }

  @Test(
    "Memory is the crashed kernel's, wherever its data lies at the moment of the image",
    arguments: [
      "x86_64-kexec-tools-before", "x86_64-kexec-tools-after", "backup-tail-before", "ppc64le",
      "s390x-before", "s390x-after", "readme", "arm64",
    ])
  func crashedMemory(name: String) throws {
    let dump = try OpenedRecipe(named: name).open()
    for load in dump.report.vmcore.loads {
      let count = Int(min(load.size, 0x20000))
      let shown = try dump.bytes(at: load.offset, count: count)
      #expect(try dump.memory(at: load.physicalAddress, count: count) == shown)
    }
  }

  @Test("With everything selected, memory is what lies in the image")
  func everything() throws {
    let recipe = try OpenedRecipe(named: "x86_64-kexec-tools-after")
    let dump = try recipe.open { $0.selection = .all }
    #expect(try dump.memory(at: 0x1000, count: 4096) == recipe.built.read(0x1000, 4096))
  }
}
