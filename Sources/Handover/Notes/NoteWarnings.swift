internal import Bytes
internal import DumpRecords
internal import MemoryImages

/// What is wrong with the notes that a core header points at.
enum NoteWarnings {
  /// One for each, with the CPU's number and the address.
  static func about(
    _ sections: [NoteSection], _ processors: [Processor], _ memory: PhysicalMemory
  ) -> [Finding] {
    var warnings: [Finding] = []
    let allEmpty =
      !processors.isEmpty && processors.allSatisfy(\.isEmpty) && !lacksNotes(sections, memory)
    if allEmpty {
      warnings.append(
        Finding(
          "none of the \(processors.count) CPUs has saved registers: the machine had not crashed "
            + "yet, the vmcore has no CPU notes", isDamage: false))
    }
    let held = memory.present
    let numbers = Dictionary(processors.map { ($0.index, $0.number) }) { first, _ in first }
    for section in sections {
      let name = numbers[section.index].map { "CPU \($0)" } ?? "VMCOREINFO"
      let place = "\(name): PT_NOTE \(section.index) at \(section.address.hex)"
      if let range = Range(start: section.address, length: section.limit),
        !held.covers(range)
      {
        warnings.append(
          Finding("\(place): the image does not hold all of \(range.hex)", isPartial: true))
      } else if section.isEmpty && section.end == .terminator && !allEmpty {
        warnings.append(
          Finding("\(place): no registers were saved (the CPU was offline or did not answer)"))
      }
      if case .cutShort(let address, let claims) = section.end {
        warnings.append(
          Finding(
            "\(place): the note at \(address.hex) claims \(claims.hex) bytes, but only "
              + "\((section.address + section.limit - address).hex) are left of the section: "
              + "it is dropped, as the second kernel does"))
      }
    }
    return cut(warnings)
  }

  /// Whether the file lacks memory in which notes lie: then empty notes say nothing.
  static func lacksNotes(_ sections: [NoteSection], _ memory: PhysicalMemory) -> Bool {
    sections.contains { section in
      Range(start: section.address, length: section.limit).map { !memory.holds($0) } ?? false
    }
  }

  /// A machine has thousands of CPUs, and what is wrong with all of them is said once.
  private static func cut(_ warnings: [Finding]) -> [Finding] {
    guard warnings.count > limit else { return warnings }
    let rest = warnings.dropFirst(limit)
    return Array(warnings.prefix(limit)) + [
      Finding(
        "\(rest.count) more warnings about notes", isPartial: rest.contains(where: \.isPartial))
    ]
  }

  private static let limit = 64
}
