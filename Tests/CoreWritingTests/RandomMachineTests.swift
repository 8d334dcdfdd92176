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
      try check(seed: seed, in: scratch)
    }
  }

  private func check(seed: UInt64, in scratch: TemporaryDirectory) throws {
    let machine = PageMachine(seed: seed)
    let selected = try SelectedImage(
      path: SparseFile.write(machine, named: "machine", in: scratch))
    let frames = LoadFrames(of: machine)
    let model = PageModel(machine.information, word: machine.word, order: machine.order) {
      machine.page($0)
    }
    var generator = SeededGenerator(seed: seed ^ 0x5eed)
    for level in [31, UInt8.random(in: 0..<31, using: &generator)] {
      let expected = model.leftOut(
        level: level, existing: frames.existing, tested: frames.tested,
        arrays: machine.maps.map(\.frames), listed: machine.listed)
      let selection = try selected.select(level)
      let found = try selected.leftOut(by: selection)
      let name = "seed \(seed): \(machine.kind.name), \(machine.form.release), \(machine.model)"
      if found != Set(expected.keys) {
        let differing = found.symmetricDifference(expected.keys).sorted()
        Issue.record(
          "\(name), level \(level): frames \(differing.prefix(8)) of \(differing.count) differ, \(expected[differing[0]] ?? "kept")"
        )
        return
      }
      for (kind, word) in [
        (PageKind.cache, "cache"), (.privateCache, "private"), (.user, "user"), (.free, "free"),
        (.poisoned, "hwpoison"), (.offline, "offline"),
      ] {
        let count = UInt64(expected.values.count { $0 == word })
        #expect(selection.counts[kind] == count, "\(name), level \(level): \(word)")
      }
    }
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
