import TestSupport
import Testing
import VMCore

extension LargeMachine: CustomTestStringConvertible {
  package var testDescription: String { summary }
}

/// Of machines with more than 3 GiB a raw file says nowhere how it lies in memory: what is proved
/// is followed, and all else is refused.
@Suite("The layout of the memory of a large machine")
struct LayoutTests {
  private static let lowEnds: [UInt64] = [0x8000_0000, 0xb000_0000, 0xc000_0000, 0xe000_0000]

  /// Machines whose files can be placed, each with one thing changed.
  static let proved: [LargeMachine] = lowEnds.flatMap { lowEnd in
    ([nil, .running, .before, .after] as [Recipe.Moment?]).flatMap { moment -> [LargeMachine] in
      var machines: [LargeMachine] = []
      for kernel in [0x100_0000, 0x1_1000_0000] as [UInt64] {
        for notes in [0x500_0000, 0x1_3f00_0000] as [UInt64] {
          for part in [.whole, .withoutDisplay, .flat, .ranges] as [LargeMachine.Part] {
            var machine = LargeMachine(lowEnd: lowEnd, moment: moment)
            machine.kernel = kernel
            machine.notes = notes
            machine.part = part
            machines.append(machine)
          }
        }
      }
      return machines
    }
  }

  @Test("is proved by the firmware's map and the kernel, and every byte is at its place")
  func whole() throws {
    for machine in Self.proved {
      let recipe = try OpenedRecipe(machine.text)
      let dump = try recipe.open()
      // The last page of low memory is none that is RAM as a whole.
      let missing: [Range<UInt64>] =
        machine.part == .ranges && machine.moment != nil ? [0x9_fc00..<0xa_0000] : []
      #expect(dump.report.vmcore.missing == missing, "\(machine.summary)")
      try expectMemory(of: recipe, in: dump, machine)
    }
  }

  @Test("is not taken from a copy of the vmcoreinfo note", arguments: lowEnds)
  func strayNote(_ lowEnd: UInt64) throws {
    for moment in [nil, .running, .before, .after] as [Recipe.Moment?] {
      for notes in [0x500_0000, 0x1_3f00_0000] as [UInt64] {
        for stray in [0x400_0000, 0x2800_0000, 0x1_0100_0000] as [UInt64] {
          var machine = LargeMachine(lowEnd: lowEnd, moment: moment)
          machine.notes = notes
          machine.strayNote = stray
          let recipe = try OpenedRecipe(machine.text)
          try expectMemory(of: recipe, in: recipe.open(), machine)
        }
      }
    }
  }

  @Test("without some of the memory is the same, and what is missing is said", arguments: lowEnds)
  func parts(_ lowEnd: UInt64) throws {
    for moment in [nil, .before, .after] as [Recipe.Moment?] {
      for part in [.low, .node(end: 0x1_3000_0000)] as [LargeMachine.Part] {
        for notes in [0x500_0000, 0x1_2f00_0000] as [UInt64] {
          var machine = LargeMachine(lowEnd: lowEnd, moment: moment)
          machine.notes = notes
          machine.part = part
          if part == .low, notes > 0x1_0000_0000 { continue }
          let recipe = try OpenedRecipe(machine.text)
          let dump: CrashDump
          do {
            dump = try recipe.open()
          } catch let error as VMCoreError {
            // Nothing in a node's part above 4 GiB may show where it lies.
            #expect(error.kind == .unusable && part != .low, "\(machine.summary): \(error)")
            #expect(error.description.contains("nothing proves how the file lies in memory"))
            #expect(error.hints.count >= 2)
            continue
          }
          #expect(dump.report.isPartial, "\(machine.summary)")
          let end = part == .low ? 0x1_0000_0000 : 0x1_3000_0000 as UInt64
          #expect(dump.report.vmcore.missing == [end..<0x1_4000_0000], "\(machine.summary)")
          try expectMemory(of: recipe, in: dump, machine)
        }
      }
    }
  }

  @Test("is proved for the header that is asked for, too", arguments: lowEnds)
  func namedHeader(_ lowEnd: UInt64) throws {
    for moment in [.running, .before, .after] as [Recipe.Moment] {
      var machine = LargeMachine(lowEnd: lowEnd, moment: moment)
      machine.notes = 0x500_0000
      let recipe = try OpenedRecipe(machine.text)
      let dump = try recipe.open { $0.elfcorehdr = "0x30000000" }
      try expectMemory(of: recipe, in: dump, machine)
    }
  }

  @Test("lets a named header be used whose notes the file lacks, and nothing is said of a crash")
  func missingNotes() throws {
    for moment in [.before, .after] as [Recipe.Moment] {
      var machine = LargeMachine(lowEnd: 0xc000_0000, moment: moment)
      machine.part = .low
      let dump = try OpenedRecipe(machine.text).open()
      #expect(dump.report.header.address == 0x3000_0000)
      #expect(dump.report.vmcore.missing == [0x1_0000_0000..<0x1_4000_0000])
      #expect(dump.report.isPartial)
      let texts = dump.report.warningTexts
      #expect(!texts.contains { $0.contains("had not crashed yet") }, "\(texts)")
      #expect(texts.contains { $0.contains("does not hold all of [0x13f004600, ") }, "\(texts)")
    }
  }

  @Test("is refused where the map has memory that no layout of the file has")
  func refuted() throws {
    // The file ends in the middle of the high memory, in which nothing is known to be.
    var machine = LargeMachine(lowEnd: 0xb000_0000, moment: .after)
    machine.notes = 0x500_0000
    machine.kexecImage = 0x600_0000
    machine.part = .node(end: 0x1_2000_0000)
    let recipe = try OpenedRecipe(machine.text)
    let error = #expect(throws: VMCoreError.self) { try recipe.open() }
    #expect(error?.description.contains("nothing proves how the file lies in memory") == true)
    #expect(error?.hints.contains { $0.description.hasPrefix("holes=0xb0000000-") } == true)
    let dump = try recipe.open { $0.holes = [0xb000_0000..<0x1_0000_0000] }
    try expectMemory(of: recipe, in: dump, machine)
  }

  @Test("follows from the header where no map is in memory", arguments: lowEnds)
  func withoutMap(_ lowEnd: UInt64) throws {
    for moment in [.running, .before, .after] as [Recipe.Moment] {
      for notes in [0x500_0000, 0x1_3f00_0000] as [UInt64] {
        var machine = LargeMachine(lowEnd: lowEnd, moment: moment)
        machine.hasMap = false
        machine.notes = notes
        let recipe = try OpenedRecipe(machine.text)
        try expectMemory(of: recipe, in: recipe.open(), machine)
        machine.part = .node(end: 0x1_2000_0000)
        machine.kexecImage = 0x600_0000
        machine.notes = 0x500_0000
        #expect(throws: VMCoreError.self) { try OpenedRecipe(machine.text).open() }
      }
    }
  }

  /// Everything that was written, where the file has it, and nothing else: at the places that the
  /// loads give it.
  @Test(
    "is what a migration stream tells by the machine's name, unless its own map contradicts that",
    arguments: [
      (0x8000_0000, true), (0x8000_0000, false), (0x4000_0000, true), (0xb000_0000, true),
    ] as [(UInt64, Bool)])
  func migration(_ lowEnd: UInt64, _ hasMap: Bool) throws {
    for moment in [nil, .running, .before, .after] as [Recipe.Moment?] {
      var machine = LargeMachine(lowEnd: lowEnd, moment: moment)
      machine.highEnd = 0x1_9000_0000
      machine.hasMap = hasMap
      let recipe = try OpenedRecipe(machine.text)
      let stream = MigrationModel(machine: "pc-q35-7.2", []).sparse("pc.ram", of: recipe.built)
      let path = try recipe.directory.file(stream, named: "vm.sav")
      let dump = try CrashDump(imageAt: path)
      let isTold = lowEnd == 0x8000_0000
      #expect((dump.report.image.layout == "machine q35") == isTold, "\(machine.summary)")
      try expectMemory(of: recipe, in: dump, machine)
      var options = CrashDumpOptions()
      options.holes = [lowEnd..<0x1_0000_0000]
      try expectMemory(of: recipe, in: CrashDump(imageAt: path, options: options), machine)
    }
  }

  @Test(
    "of a Firecracker snapshot is that of the release that its own map tells",
    arguments: [
      (0xc000_0000, "Firecracker on x86_64"),
      (0xd000_0000, "Firecracker on x86_64, before release 1.13"),
    ] as [(UInt64, String)])
  func firecracker(_ lowEnd: UInt64, _ layout: String) throws {
    for moment in [nil, .running, .before, .after] as [Recipe.Moment?] {
      let machine = LargeMachine(lowEnd: lowEnd, moment: moment)
      let recipe = try OpenedRecipe(machine.text)
      let mark: [UInt8] = [0, 0, 0x64, 0x86, 0x84, 0x19, 0x10, 0x07]
      var options = CrashDumpOptions()
      options.parts = [
        try recipe.directory.file(mark + [UInt8](repeating: 3, count: 90), named: "state")
      ]
      let dump = try CrashDump(imageAt: recipe.path, options: options)
      #expect(dump.report.image.layout == layout)
      try expectMemory(of: recipe, in: dump, machine)
    }
  }

  private func expectMemory(
    of recipe: OpenedRecipe, in dump: CrashDump, _ machine: LargeMachine
  ) throws {
    let built = recipe.built
    var seen = 0
    for load in dump.report.vmcore.loads {
      let range = load.physicalAddress..<load.physicalAddress + load.size
      for part in built.memory.written(in: range)
      where !recipe.built.recipe.crash.contains(where: { $0.overlaps(part) }) {
        let offset = load.offset + (part.lowerBound - range.lowerBound)
        let shown = try dump.bytes(at: offset, count: part.count)
        let place = String(part.lowerBound, radix: 16)
        if shown != built.read(part.lowerBound, part.count) {
          Issue.record("\(machine.summary): 0x\(place) differs, \(dump.report.image.layout)")
          return
        }
        seen += 1
      }
    }
    #expect(seen > 20, "\(machine.summary): \(seen)")
    #expect(dump.report.vmcore.loads.contains { $0.physicalAddress >= 0x1_0000_0000 })
  }
}
