import Bytes
import CoreWriting
import CrashedKernel
import Handover
import MemoryImages
import TestSupport
import Testing

@Suite("Struct pages of a kernel that says what cannot be")
struct HostilePagesTests {
  /// The first of the machines made at random that a test can use.
  private func machine(_ isWanted: (PageMachine) -> Bool) throws -> PageMachine {
    for seed in 0..<1000 as Range<UInt64> {
      let machine = PageMachine(seed: seed)
      if isWanted(machine) { return machine }
    }
    throw NoSuchMachine()
  }

  private struct NoSuchMachine: Error {}

  private func selected(_ machine: PageMachine) throws -> SelectedImage {
    let scratch = try TemporaryDirectory()
    return try SelectedImage(path: SparseFile.write(machine, named: "machine", in: scratch))
  }

  private func leftOut(_ machine: PageMachine, _ level: UInt8) throws -> Set<UInt64> {
    let selected = try selected(machine)
    return try selected.leftOut(by: selected.select(level))
  }

  @Test("are refused where it claims more sections than there is memory")
  func sections() throws {
    var machine = try machine { $0.model == .sections && $0.word == 8 }
    machine.retell("LENGTH(mem_section)", "18446744073709551615")
    let error = #expect(throws: SelectionError.self) { try leftOut(machine, 31) }
    guard case .refused(let why) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect("\(why)".contains("LENGTH(mem_section) is 18446744073709551615, expected at most"))
  }

  @Test("of memory that was never accepted are one page where it has no orders at all")
  func orders() throws {
    var machine = try machine { $0.form.release == "6.16.0" }
    let frame = machine.ram[0].upperBound - 300
    machine.reuse(frame, flags: [], type: "UNACCEPTED")
    machine.reuse(frame + 1, flags: [])
    machine.retell("LENGTH(zone.free_area)", "0")
    do {
      _ = try leftOut(machine, 16)
    } catch SelectionError.refused {
      // Its free blocks are larger: that cannot be, either.
    }
  }

  @Test("are not held against zones that count more pages than any machine has")
  func zones() throws {
    var machine = try machine {
      $0.word == 8 && $0.model != .nodes && $0.form.release == "6.12.117"
    }
    let free = try leftOut(machine, 16)
    #expect(!free.isEmpty)
    machine.claimFree(1 << 40 - 1)
    machine.retell("SIZE(free_area)", "0")
    machine.retell("LENGTH(zone.free_area)", "24")
    #expect(try leftOut(machine, 16).isSuperset(of: free))
  }

  @Test("of the kernel's image are kept, however far away the page is that they are told to be of")
  func image() throws {
    let block: UInt64 = 1 << 13
    func distant(_ machine: PageMachine) -> Range<UInt64>? {
      let start = machine.ram[0].lowerBound
      guard start % (2 * block) == 0 else { return nil }
      return machine.ram.dropFirst().map { $0.clamped(to: start + block..<start + 2 * block) }
        .first { $0.count > 100 }
    }
    var machine = try machine {
      $0.kind.name == "ppc64le" && $0.form.release == "6.12.117" && distant($0) != nil
    }
    let start = machine.ram[0].lowerBound
    let frames = try #require(distant(machine))
    let constants = frames.lowerBound + 20..<frames.lowerBound + 60
    machine.addSymbols(constants: constants)
    machine.reuse(start, flags: ["lru"], order: 14)
    let cache = try leftOut(machine, 4)
    #expect(cache.contains(start + 1))
    #expect(cache.intersection(frames) == Set(frames).subtracting(constants))

    // Memory that is broken, or that a hypervisor took back, must not even be touched.
    machine.reuse(constants.lowerBound, flags: ["hwpoison"])
    machine.reuse(constants.lowerBound + 1, flags: ["reserved"], type: "OFFLINE")
    machine.reuse(start, flags: ["reserved"])
    let lost = try leftOut(machine, 0).intersection(constants)
    #expect(lost == [constants.lowerBound, constants.lowerBound + 1])
    machine.reuse(start, flags: ["hwpoison"], order: 14)
    #expect(try leftOut(machine, 0).isDisjoint(with: constants))
  }

  @Test("are tails where a huge page has those of its first pages many times")
  func optimized() throws {
    func hugePage(_ machine: PageMachine) -> UInt64? {
      stride(from: (machine.ram[0].lowerBound + 511) / 512 * 512 + 512, to: 1 << 20, by: 512)
        .first { frame in
          machine.ram[1...].contains { $0.lowerBound <= frame && frame + 512 <= $0.upperBound }
        }
    }
    var machine = try machine {
      $0.model == .flat && $0.word == 8 && $0.pageStruct == 64
        && ["5.10.0", "6.1.0", "6.6.0"].contains($0.form.release) && hugePage($0) != nil
    }
    let frame = try #require(hugePage(machine))
    for frame in frame..<frame + 512 { machine.reuse(frame, flags: []) }
    let before = try (0...2).map { try leftOut(machine, 4 * $0 + 3) }
    machine.addOptimizedHugePage(at: frame)
    let frames = Set(frame..<frame + 512)
    for (number, before) in before.enumerated() {
      let level = UInt8(4 * number + 3)
      let selected = try selected(machine)
      let selection = try selected.select(level)
      let found = try selected.leftOut(by: selection)
      #expect(found == (level & 8 == 0 ? before : before.union(frames)))
      #expect(!selection.warnings.map(\.text).joined().contains("impossible size"))
    }
  }

  @Test("cost what the lists of free pages hold, and each list itself")
  func lists() throws {
    let machine = try machine { $0.form.release == "2.6.39" && $0.listed.count > 4 }
    let selected = try selected(machine)
    func cost(_ level: UInt8) throws -> UInt64 {
      let budget = try #require(selected.system.imageMemory.budget)
      let before = budget.left(.parsing)
      _ = try selected.select(level)
      return before - budget.left(.parsing)
    }
    #expect(try cost(16) == cost(8) + UInt64(machine.listed.count + 11 * 3))
  }

  @Test("are told by the release's place where a key says that it has it already")
  func backported() throws {
    var machine = try machine { $0.form.release == "6.6.0" }
    let expected = try leftOut(machine, 31)
    machine.retell("OSRELEASE", "5.14.0-700.el9")
    #expect(try leftOut(machine, 31) == expected)
  }

  @Test("and pages that a load promises cost what is there, not what it promises")
  func promise() throws {
    let scratch = try TemporaryDirectory()
    let note = RecipeNote(
      name: "VMCOREINFO", type: 0, content: Array("OSRELEASE=6.1.0\nPAGESIZE=4096\n".utf8))
    var model = ELFFileModel([
      .note(note.encoded(.little)), .load(0, [UInt8](repeating: 7, count: 8192)),
    ])
    model.bits = 64
    var bytes = model.bytes
    let place = try #require(model.offset(of: "p_memsz", ofSegment: 1))
    bytes.replaceSubrange(
      place..<place + 8, with: RecipeOrder.little.bytes(1 << 50, width: 8))
    let selected = try SelectedImage(path: scratch.file(bytes))
    let (file, zeros) = try selected.cut(1)
    #expect(file.size == model.bytes.count)
    #expect(zeros == 0)
  }
}
