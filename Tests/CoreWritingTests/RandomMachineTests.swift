import Bytes
import CoreWriting
import CrashedKernel
import Foundation
import TestSupport
import Testing

@Suite("Pages that are left out of machines made at random")
struct RandomMachineTests {
  /// Machines that are made: as many as a debug build does in half a minute, or as the environment says.
  private static let seeds =
    ProcessInfo.processInfo.environment["VMCOREGEN_MACHINES"].flatMap { UInt64($0) } ?? 240
  private static let parts = 8

  @Test(
    "are those of a second model: any word size, byte order, page size, release and memory model",
    arguments: 0..<parts)
  func model(_ part: Int) throws {
    let scratch = try TemporaryDirectory()
    let each = Self.seeds / UInt64(Self.parts)
    for seed in UInt64(part) * each..<UInt64(part + 1) * each {
      do {
        try check(PageMachine(seed: seed), seed: seed, in: scratch)
      } catch {
        Issue.record("seed \(seed): \(error)")
      }
    }
  }

  @Test(
    "are the same where vmcoreinfo lacks what the types that the kernel carries say",
    arguments: 0..<parts)
  func types(_ part: Int) throws {
    let scratch = try TemporaryDirectory()
    for seed in UInt64(part) * 12..<UInt64(part + 1) * 12 {
      var generator = SeededGenerator(seed: seed ^ 0xb7f)
      var machine = PageMachine(seed: seed, forms: PageForm.withTypes, carriesTypes: true)
      // All of them, one, or any.
      let keys = machine.replaceable
      switch seed % 3 {
      case 0: machine.lacking = keys
      case 1: machine.lacking = [keys[Int(seed / 3) % keys.count]]
      default: machine.lacking = keys.filter { _ in Bool.random(using: &generator) }
      }
      try check(machine, seed: seed, in: scratch)
    }
  }

  @Test("are told by its types where a kernel is newer than any that is known, with a warning")
  func unknown() throws {
    let scratch = try TemporaryDirectory()
    for seed in 0..<24 as Range<UInt64> {
      var machine = PageMachine(seed: seed, forms: [.unknown], carriesTypes: seed % 2 == 0)
      // A number that would be wrong, were it believed.
      let isWrong = seed % 4 == 0
      if seed % 2 == 0 { machine.lacking = isWrong ? ["NUMBER(PG_lru)"] : ["OFFSET(page."] }
      if isWrong { machine.wrong = ["NUMBER(PG_lru)=30"] }
      let selection = try check(machine, seed: seed, in: scratch)
      let said = selection?.warnings.map(\.text).joined() ?? ""
      #expect(said.contains("newer than Linux"))
      #expect(said.contains("(BTF) decide") == machine.carriesTypes)
      #expect(said.contains("differently") == isWrong)
    }
  }

  @Test("are refused by name where nothing says what vmcoreinfo lacks")
  func lacking() throws {
    let scratch = try TemporaryDirectory()
    for (form, key, level, name) in [
      ("6.1.0", "NUMBER(PG_lru)", 6, "NUMBER(PG_lru)"),
      ("6.1.0", "OFFSET(page.compound_head)", 8, "OFFSET(page.compound_head)"),
      ("6.1.0", "NUMBER(PG_slab)", 8, "NUMBER(PG_slab)"),
      ("6.10.2", "NUMBER(PAGE_SLAB", 8, "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)"),
      ("6.10.2", "NUMBER(PAGE_HUGETLB", 8, "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)"),
      ("6.10.2", "NUMBER(PAGE_BUDDY", 16, "where the lists of free pages are"),
      ("7.1.0-rc3", "OFFSET(page.compound_info)", 2, "OFFSET(page.compound_info)"),
      ("6.4.7", "OFFSET(folio._folio_order)", 4, "OFFSET(folio._folio_order)"),
    ] as [(String, String, UInt8, String)] {
      var machine = PageMachine(
        seed: 7, forms: PageForm.all.filter { $0.release == form }, carriesTypes: false)
      machine.lacking = level == 16 ? [key, "OFFSET(zone."] : [key]
      let selected = try SelectedImage(
        path: SparseFile.write(machine, named: "machine", in: scratch))
      let error = #expect(throws: SelectionError.self) { try selected.select(level) }
      guard case .refused(let why) = error else { continue }
      #expect(why.description.contains(name), "\(key): \(why)")
      #expect(why.description.contains("cannot be decided"), "\(key): \(why)")
      // The other levels are not touched by it.
      _ = try selected.select(level == 16 ? 15 : 16)
    }
  }

  @Test("are told by what all kernels of a release have, where that is known")
  func usual() throws {
    let scratch = try TemporaryDirectory()
    for (seed, (form, key)) in [
      ("3.10.0", "NUMBER(PAGE_BUDDY"), ("4.9.0-8-amd64", "NUMBER(PAGE_BUDDY"),
      ("6.1.0", "NUMBER(PAGE_BUDDY"), ("6.12.117", "NUMBER(PAGE_BUDDY"),
      ("6.12.117", "NUMBER(PAGE_SLAB"), ("6.16.0", "NUMBER(PAGE_HUGETLB"),
      ("7.1.0-rc3", "NUMBER(PAGE_OFFLINE"),
    ].enumerated() {
      var machine = PageMachine(
        seed: UInt64(seed), forms: PageForm.all.filter { $0.release == form })
      machine.lacking = [key, "OFFSET(zone."]
      try check(machine, seed: UInt64(seed), in: scratch)
    }
  }

  @Test("never hold back the kernel's image or a reserved page, whatever group they are in")
  func reserved() throws {
    let scratch = try TemporaryDirectory()
    var count = 0
    for seed in 0..<4000 as Range<UInt64> where count < 3 {
      var machine = PageMachine(seed: seed, forms: PageForm.all.filter { $0.release == "6.12.117" })
      guard machine.model == .flat, machine.ram[0].lowerBound == 1 << 15, machine.ram.count == 3,
        let end = machine.ram.last?.upperBound, end > 41_100
      else { continue }
      count += 1
      // A compound page of 2^14 frames, which reaches over two blocks of the census.
      machine.set("flags", machine.flag("lru", "head"), of: 1 << 15)
      machine.set("flags", 14, of: 1 << 15 + 1)
      for frame in [end - 1, end - 50, 33_500] as [UInt64] {
        machine.set("flags", machine.flag("reserved"), of: frame)
        machine.set("compound_head", 0, of: frame)
      }
      let selection = try #require(try check(machine, seed: seed, in: scratch))
      #expect(selection.counts[.cache] > 1000)
      #expect(selection.warnings.map(\.text).joined().contains("reserved ones, are kept"))
    }
    #expect(count == 3)
  }

  @Test("are refused where struct pages contradict themselves, or the zones' counts")
  func contradictions() throws {
    let scratch = try TemporaryDirectory()
    func refusal(_ machine: PageMachine) throws -> String {
      let selected = try SelectedImage(
        path: SparseFile.write(machine, named: "machine", in: scratch))
      let error = #expect(throws: SelectionError.self) { try selected.select(31) }
      guard case .refused(let why) = error else { return "" }
      return why.description
    }
    let forms = PageForm.all.filter { $0.release == "6.12.117" }
    let machine = try #require(
      (0..<200).lazy.map { PageMachine(seed: $0, forms: forms) }.first { machine in
        machine.model == .flat && machine.freeBlocks.reduce(0) { $0 + $1.count } > 1500
      })
    try check(machine, seed: 0, in: scratch)
    var uncounted = machine
    uncounted.countFree { _ in 0 }
    #expect(try refusal(uncounted).contains("its zones count 0"))
    let frames = try #require(machine.ram.last).suffix(300)
    for (wrong, isRefused) in [(40, false), (200, true)] {
      var unsound = machine
      for frame in frames.suffix(wrong) {
        unsound.set("flags", 0, of: frame)
        unsound.set("compound_head", 0, of: frame)
        unsound.setType("BUDDY", of: frame)
        unsound.set("private", 77, of: frame)
      }
      if isRefused {
        #expect(try refusal(unsound).contains("have a size that they cannot have"))
      } else {
        let selection = try check(unsound, seed: 0, in: scratch)
        let said = selection?.warnings.map(\.text).joined() ?? ""
        #expect(said.contains("impossible size are kept"))
      }
    }
  }

  /// Compares what is left out of a machine with what its whole vmcoreinfo says.
  @discardableResult
  private func check(
    _ machine: PageMachine, seed: UInt64, in scratch: TemporaryDirectory
  ) throws -> PageSelection? {
    let selected = try SelectedImage(
      path: SparseFile.write(machine, named: "machine", in: scratch))
    let frames = LoadFrames(of: machine)
    let model = PageModel(machine.information, word: machine.word, order: machine.order) {
      machine.page($0)
    }
    var generator = SeededGenerator(seed: seed ^ 0x5eed)
    var last: PageSelection?
    for level in [31, UInt8.random(in: 0..<31, using: &generator)] {
      let expected = model.leftOut(
        level: level, existing: frames.existing, tested: frames.tested,
        arrays: machine.maps.map(\.frames), listed: machine.listed,
        image: machine.image)
      let selection = try selected.select(level)
      last = last ?? selection
      let found = try selected.leftOut(by: selection)
      let name = "seed \(seed): \(machine.kind.name), \(machine.form.release), \(machine.model)"
      if found != Set(expected.keys) {
        let differing = found.symmetricDifference(expected.keys).sorted()
        Issue.record(
          "\(name), level \(level): frames \(differing.prefix(8)) of \(differing.count) differ, \(expected[differing[0]] ?? "kept")"
        )
        return nil
      }
      for (kind, word) in [
        (PageKind.cache, "cache"), (.privateCache, "private"), (.user, "user"), (.free, "free"),
        (.poisoned, "hwpoison"), (.offline, "offline"),
      ] {
        let count = UInt64(expected.values.count { $0 == word })
        #expect(selection.counts[kind] == count, "\(name), level \(level): \(word)")
      }
    }
    return last
  }
}

/// Frames of a machine's loads.
struct LoadFrames {
  private(set) var existing: Set<UInt64> = []
  /// Those whose first byte is in a load.
  private(set) var tested: Set<UInt64> = []

  init(of machine: PageMachine) {
    let size = machine.pageSize
    for load in machine.loads {
      existing.formUnion(load.lowerBound / size..<(load.upperBound + size - 1) / size)
      tested.formUnion(
        (load.lowerBound + size - 1) / size..<(load.upperBound + size - 1) / size)
    }
  }
}

/// A dump of a made machine as a file with holes.
enum SparseFile {
  static func write(
    _ machine: PageMachine, named name: String, in scratch: TemporaryDirectory
  ) throws -> String {
    let path = try scratch.file([], named: name)
    let file = try #require(FileHandle(forWritingAtPath: path))
    let (head, loads) = machine.dump()
    try file.write(contentsOf: head)
    for load in loads {
      for part in machine.memory.written(in: load.memory) {
        try file.seek(toOffset: load.offset + part.lowerBound - load.memory.lowerBound)
        try file.write(
          contentsOf: machine.memory.read(
            part.lowerBound, Int(part.upperBound - part.lowerBound)))
      }
      try file.truncate(
        atOffset: load.offset + load.memory.upperBound - load.memory.lowerBound)
    }
    try file.close()
    return path
  }
}
