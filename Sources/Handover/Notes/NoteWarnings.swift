internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// What is wrong with the notes that a core header points at.
struct NoteWarnings {
  private let sections: [NoteSection]
  private let processors: [Processor]

  /// What is wrong with each section, and one line about CPUs that saved nothing.
  ///
  /// - Parameter kernel: whose mask of CPUs is asked, where CPUs saved nothing.
  static func about(
    _ sections: [NoteSection], _ processors: [Processor], _ memory: PhysicalMemory,
    _ information: VMCoreInfo?, _ kernel: Kernel?
  ) throws(ReadError) -> [Finding] {
    let warnings = NoteWarnings(sections: sections, processors: processors)
    return try warnings.aboutSilence(information, kernel) + cut(warnings.aboutSections(memory))
  }

  // MARK: CPUs that saved nothing

  /// CPUs whose notes are in the image and empty.
  private var silent: [Processor] {
    let ends = Dictionary(sections.map { ($0.index, $0.end) }) { first, _ in first }
    return processors.filter { $0.isEmpty && $0.isHeld && ends[$0.index] == .terminator }
  }

  /// Not every CPU that is possible was ever up: kernels since 6.6 have notes for all of them.
  private func aboutSilence(
    _ information: VMCoreInfo?, _ kernel: Kernel?
  ) throws(ReadError) -> [Finding] {
    let silent = silent
    guard !silent.isEmpty else { return [] }
    guard silent.count < processors.count else {
      let text = "none of the \(processors.count) CPUs has saved registers"
      return [
        Finding(
          information.map { $0.crashTime == nil && !$0.isCut } ?? false
            ? "\(text): the machine had not crashed yet, the vmcore has no CPU notes"
            : "\(text), the vmcore has no CPU notes", isDamage: false)
      ]
    }
    let online = try kernel.flatMap { kernel throws(ReadError) in try OnlineProcessors(kernel) }
    guard let online else {
      return [finding(silent, "they were offline or did not answer", isDamage: false)]
    }
    let (expected, missed) = (
      silent.filter { !online.notes.contains($0.address) },
      silent.filter { online.notes.contains($0.address) }
    )
    return [
      expected.isEmpty ? nil : finding(expected, "they were not online", isDamage: false),
      missed.isEmpty ? nil : finding(missed, "they were online and did not answer", isDamage: true),
    ].compactMap(\.self)
  }

  private func finding(_ silent: [Processor], _ why: String, isDamage: Bool) -> Finding {
    Finding(
      "\(silent.count) of \(processors.count) CPUs saved no registers "
        + "(\(NoteWarnings.list(silent.map(\.number)))): \(why)", isDamage: isDamage)
  }

  /// `1, 3 to 7`, and how many more where there are many stretches.
  private static func list(_ numbers: [Int]) -> String {
    let runs = RangeSet(numbers.map { UInt64($0)..<UInt64($0) + 1 }).ranges
    let shown = runs.prefix(mostRuns).map { run in
      run.length == 1
        ? "\(run.lowerBound)" : "\(run.lowerBound) to \(run.upperBound - 1)"
    }
    return shown.joined(separator: ", ") + (runs.count > mostRuns ? ", …" : "")
  }

  private static let mostRuns = 16

  // MARK: Sections

  /// One for each, with the CPU's number and the address.
  private func aboutSections(_ memory: PhysicalMemory) -> [Finding] {
    var warnings: [Finding] = []
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
      } else if section.isEmpty, section.end == .terminator, numbers[section.index] == nil {
        warnings.append(Finding("\(place): is empty"))
      }
      if case .cutShort(let address, let claims) = section.end {
        warnings.append(
          Finding(
            "\(place): the note at \(address.hex) claims \(claims.hex) bytes, but only "
              + "\((section.address + section.limit - address).hex) are left of the section: "
              + "it is dropped, as the second kernel does"))
      }
    }
    return warnings
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
