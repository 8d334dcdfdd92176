import VMCore

/// `info` for people: a name and a value on each line.
struct InfoText {
  private(set) var text = ""

  init(_ report: CrashReport, withCandidates: Bool) {
    add(report.image)
    add(report.system)
    if let log = report.log { add(log) }
    add(report.header)
    add(report.vmcore)
    if let s390 = report.s390 { add(s390) }
    text += "\nlocators\n"
    for locator in report.locators { add(locator) }
    if withCandidates { add(report.candidates) }
    if !report.warnings.isEmpty {
      text += "\nwarnings\n"
      for warning in report.warnings { text += "  \(PrintableText.line(Wording.text(warning)))\n" }
    }
  }

  private mutating func line(_ name: String, _ value: String) {
    let padding = String(repeating: " ", count: max(1, 18 - name.count))
    text += "  \(PrintableText.line(name))\(padding)\(PrintableText.line(value))\n"
  }

  private mutating func add(_ image: CrashReport.Image) {
    text += "image\n"
    line("file", image.name)
    line("format", image.format)
    line("layout", image.layout)
    line("size", "\(image.size) bytes")
  }

  private mutating func add(_ system: CrashReport.System) {
    text += "\nsystem\n"
    let name = system.architecture?.rawValue ?? "unknown (e_machine \(system.machine))"
    line("architecture", "\(name), class \(system.bits), \(system.byteOrder.rawValue)-endian")
    line("page size", "\(system.pageSize)")
    line("kernel", system.release ?? "unknown")
    line("moment", "\(system.moment.rawValue) (\(Wording.text(system.momentEvidence)))")
    line("crash time", system.crashTime.map { "\($0) (\(UTCTime($0).text))" } ?? "none")
    for processor in system.processors {
      line("cpu \(processor.number)", Self.text(of: processor))
    }
    for field in system.vmcoreinfo { line("vmcoreinfo", "\(field.name)=\(field.value)") }
  }

  private mutating func add(_ log: CrashReport.Log) {
    text += "\nlog\n"
    line("form", log.form.rawValue + (log.isDamaged ? ", damaged" : ""))
    let said = [
      ("panic", log.panic), ("cause", log.cause), ("oops", log.oops), ("tainted", log.taint),
    ]
    for (name, value) in said {
      if let value { line(name, value) }
    }
  }

  private static func text(of processor: CrashReport.Processor) -> String {
    let notes = "notes at \(hex(processor.noteAddress))"
    guard let registers = processor.registers else { return "no registers, \(notes)" }
    let task = registers.processIdentifier.map { " pid \($0)" } ?? ""
    return "pc \(hex(registers.programCounter)) sp \(hex(registers.stackPointer))\(task), \(notes)"
  }

  private func missingRegion(_ header: CrashReport.Header) -> String {
    header.isKept
      ? "not looked for: the dump's own header is kept" : "none in the image: it is built"
  }

  private mutating func add(_ header: CrashReport.Header) {
    text += "\ncore header\n"
    line("elfcorehdr", header.region ?? missingRegion(header))
    line("producer", "\(header.producer.rawValue) (\(Wording.text(header.producerEvidence)))")
    for name in header.namedBy { line("named by", name) }
    if let backup = header.backup { line("backup", backup) }
  }

  private mutating func add(_ s390: CrashReport.S390) {
    text += "\ns390x\n"
    let place = s390.osInfoAddress.map { ", at \(hex($0))" } ?? ""
    line("os_info", s390.osInfo + place)
    if let region = s390.crashRegion {
      line(
        "crash region",
        "[\(hex(region.lowerBound)), \(hex(region.upperBound)))"
          + (s390.isSwapped ? ", exchanged with low memory" : ""))
    }
    if let offset = s390.earlyKASLROffset { line("KASLR offset", hex(offset)) }
    text += "\nre-IPL\n"
    if let block = s390.reIPL {
      line(
        "block",
        "\(block.bytes.count) bytes from \(block.source)"
          + (block.isLastIPL ? ": the block of the last IPL, not a re-IPL block" : ""))
      for field in ReIPLDocument(block).lines { line(field.name, field.value) }
    }
    for source in s390.reIPLSources { add(source) }
  }

  private mutating func add(_ locator: CrashReport.Locator) {
    line(locator.name, "\(locator.answer.rawValue): \(locator.detail)")
  }

  private mutating func add(_ core: CrashReport.Core) {
    text += "\nvmcore\n"
    line("size", "\(core.size) bytes")
    line("layout", core.compatibility.rawValue)
    line("notes", "\(core.noteSize) bytes")
    for load in core.loads {
      line(
        "load",
        "\(hex(load.physicalAddress)) size \(hex(load.size)) vaddr \(hex(load.virtualAddress)) "
          + "at \(hex(load.offset))")
    }
    for range in core.missing.prefix(16) {
      line("missing", "[\(hex(range.lowerBound)), \(hex(range.upperBound)))")
    }
    if core.missing.count > 16 { line("missing", "and \(core.missing.count - 16) more") }
  }

  private mutating func add(_ candidates: [CrashReport.Candidate]) {
    text += "\ncandidates\n"
    for candidate in candidates {
      line(hex(candidate.address), candidate.rejection ?? "chosen")
      for name in candidate.namedBy { line("", "named by \(name)") }
    }
  }
}

/// A number as people write addresses.
func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
