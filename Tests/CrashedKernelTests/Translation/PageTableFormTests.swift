import Bytes
import CrashedKernel
import MemoryImages
import TestSupport
import Testing

@Suite("Forms of page tables")
struct PageTableFormTests {
  @Test(
    "A leaf of every size maps its first byte, its last one, and what is between",
    arguments: TableCase.all)
  func leaves(_ form: TableCase) throws {
    var generator = SeededGenerator(seed: 901)
    for step in form.leaves {
      let shift = form.steps[step].shift
      let start = form.address(generator.next()) & ~((1 << shift) - 1)
      let physical = form.physical(generator.next(), step)
      var model = form.model()
      model.map(start, to: physical, by: step)
      let memory = try model.virtualMemory(form.form)
      let size = UInt64(1) << shift
      for offset in [0, 1, size / 2 + 5, size - 1] {
        #expect(
          try memory.translate(start | offset) == .at(physical | offset, upTo: size - offset),
          "step \(step), \((start | offset).hex)")
      }
    }
  }

  @Test("An unused entry says at which level nothing is mapped", arguments: TableCase.all)
  func absent(_ form: TableCase) throws {
    for step in form.steps.indices {
      let address = form.address(0x1234_5678_9abc_def0)
      var model = form.model()
      model.map(address, to: form.physical(1 << 31, form.steps.count - 1), by: form.steps.count - 1)
      model.write(form.steps[step].empty, at: model.place(of: address, in: step))
      let memory = try model.virtualMemory(form.form)
      #expect(try memory.translate(address) == .notMapped(level: form.steps.count - step))
      #expect(
        try memory.read(at: address, count: 8)
          == .unreadable(.notMapped(address, level: form.steps.count - step)))
    }
  }

  @Test("A table that the image lacks is told by the place of its entry", arguments: TableCase.all)
  func missing(_ form: TableCase) throws {
    let address = form.address(0x1234_5678_9abc_def0)
    for step in form.steps.indices.dropLast() {
      var model = form.model()
      model.map(address, to: 0, by: form.steps.count - 1)
      let place = model.place(of: address, in: step + 1)
      let table = place & ~0xffff
      let gone: UInt64 = 0x4000_0000
      model.write(form.steps[step].table(gone), at: model.place(of: address, in: step))
      let memory = try model.virtualMemory(form.form)
      let expected = gone + (place - table)
      #expect(try memory.translate(address) == .missing(expected))
      #expect(
        try memory.read(at: address, count: 1) == .unreadable(.missing(expected, at: address)))
    }
  }

  @Test("Addresses outside of the tables are not mapped", arguments: TableCase.all)
  func foreign(_ form: TableCase) throws {
    let memory = try form.model().virtualMemory(form.form)
    for address in form.foreign {
      #expect(try memory.translate(address) == .notMapped(level: form.steps.count))
    }
  }

  @Test("An entry that no kernel writes is corrupt, and where it stands", arguments: TableCase.all)
  func impossible(_ form: TableCase) throws {
    let address = form.address(0x1234_5678_9abc_def0)
    for (step, entry) in form.impossible {
      var model = form.model()
      model.map(address, to: 0, by: form.steps.count - 1)
      let place = model.place(of: address, in: step)
      model.write(entry, at: place)
      let memory = try model.virtualMemory(form.form)
      #expect(try memory.translate(address) == .corrupt(entry, at: place), "step \(step)")
      #expect(
        try memory.read(at: address, count: 1)
          == .unreadable(.corrupt(entry: entry, place: place, at: address)))
    }
  }

  @Test("Random tables translate as they were written", arguments: TableCase.all)
  func random(_ form: TableCase) throws {
    var generator = SeededGenerator(seed: 902)
    var model = form.model()
    var written: [(start: UInt64, physical: UInt64, step: Int)] = []
    for _ in 0..<30 {
      let step = form.leaves.randomElement(using: &generator) ?? 0
      let shift = form.steps[step].shift
      let start = form.address(generator.next()) & ~((1 << shift) - 1)
      let top = form.steps[0].shift
      // Each has an entry of the first table for itself, so that none cuts another one off.
      if written.contains(where: { $0.start >> top == start >> top }) { continue }
      let physical = form.physical(generator.next(), step)
      model.map(start, to: physical, by: step)
      written.append((start, physical, step))
    }
    let memory = try model.virtualMemory(form.form)
    for _ in 0..<150 {
      guard let leaf = written.randomElement(using: &generator) else { continue }
      let size = UInt64(1) << form.steps[leaf.step].shift
      let offset = generator.next() % size
      #expect(
        try memory.translate(leaf.start + offset)
          == .at(leaf.physical + offset, upTo: size - offset))
      if leaf.start &+ size != 0 {
        let next = leaf.start &+ size
        let isMapped = written.contains {
          next &- $0.start < 1 << form.steps[$0.step].shift
        }
        guard !isMapped, form.address(next) == next else { continue }
        guard case .notMapped = try memory.translate(next) else {
          Issue.record("\(next.hex) is mapped")
          continue
        }
      }
    }
  }

  @Test("No bytes in place of tables crash the program or keep it busy", arguments: TableCase.all)
  func hostile(_ form: TableCase) throws {
    var generator = SeededGenerator(seed: 903)
    for round in 0..<12 {
      let size = 1 << Int.random(in: 3...16, using: &generator)
      // Some entries lead back into the memory, as the tables of a kernel would.
      var bytes = (0..<size).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      for index in stride(from: 0, to: size - 7, by: 8) where round % 2 == 0 {
        for byte in 2..<7 { bytes[index + (form.order == .big ? 7 - byte : byte)] = 0 }
      }
      let region = MemoryRegion(
        range: 0..<UInt64(size), source: ByteArraySource(bytes, name: "noise"), offset: 0)
      let root = generator.next() >> UInt64.random(in: 0..<64, using: &generator)
      let memory = VirtualMemory(
        PhysicalMemory(region: region), order: form.order, wordSize: Int(form.entrySize),
        mappings: [.pageTable(PageTable(form.form, root: root))])
      for _ in 0..<30 {
        let number = generator.next()
        let address = round % 3 == 0 ? number : form.address(number)
        _ = try memory.translate(address)
        _ = try memory.read(at: address, upTo: 0x5000)
        _ = try memory.read(at: address, count: 3)
        _ = try memory.string(at: address, limit: 600)
        _ = try memory.pointer(at: address)
      }
    }
  }
}
