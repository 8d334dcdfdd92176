import VMCore

/// `info --json`: the form is stable, members are only ever added. The manual describes it.
struct InfoDocument {
  let value: JSONValue

  /// Version of the form.
  static let version: UInt64 = 1

  init(_ report: CrashReport, pages: JSONValue? = nil) {
    value = .object(
      [
        ("schema", .number(InfoDocument.version)),
        ("image", InfoDocument.image(report.image)),
        ("system", InfoDocument.system(report.system)),
        ("header", InfoDocument.header(report.header)),
        ("vmcore", InfoDocument.core(report.vmcore)),
        ("s390", report.s390.map(InfoDocument.s390) ?? .null),
        ("log", report.log.map(InfoDocument.log) ?? .null),
        ("locators", InfoDocument.locators(report.locators)),
        (
          "candidates",
          .array(
            report.candidates.map {
              .object([
                ("address", .address($0.address)), ("chosen", .boolean($0.rejection == nil)),
                ("rejection", .optional($0.rejection)),
                ("named_by", .array($0.namedBy.map { .string($0) })),
              ])
            })
        ),
        ("warnings", .array(report.warnings.map { .string(Wording.text($0)) })),
        ("partial", .boolean(report.isPartial)),
      ] + (pages.map { [("pages", $0)] } ?? []))
  }

  private static func locators(_ locators: [CrashReport.Locator]) -> JSONValue {
    .array(
      locators.map {
        .object([
          ("name", .string($0.name)), ("answer", .string($0.answer.rawValue)),
          ("detail", .string($0.detail)),
        ])
      })
  }

  private static func s390(_ s390: CrashReport.S390) -> JSONValue {
    .object([
      ("os_info", .string(s390.osInfo)),
      ("os_info_address", s390.osInfoAddress.map { .address($0) } ?? .null),
      (
        "crash_region",
        s390.crashRegion.map {
          .object([("start", .address($0.lowerBound)), ("end", .address($0.upperBound))])
        } ?? .null
      ),
      ("swapped", .boolean(s390.isSwapped)),
      ("early_kaslr_offset", s390.earlyKASLROffset.map { .address($0) } ?? .null),
      ("reipl_sources", locators(s390.reIPLSources)),
      ("reipl", s390.reIPL.map { ReIPLDocument($0).json } ?? .null),
    ])
  }

  private static func log(_ log: CrashReport.Log) -> JSONValue {
    .object([
      ("form", .string(log.form.rawValue)),
      ("panic", .optional(log.panic)),
      ("cause", .optional(log.cause)),
      ("oops", .optional(log.oops)),
      ("tainted", .optional(log.taint)),
      ("damaged", .boolean(log.isDamaged)),
    ])
  }

  private static func image(_ image: CrashReport.Image) -> JSONValue {
    .object([
      ("name", .string(image.name)), ("format", .string(image.format)),
      ("layout", .string(image.layout)), ("size", .number(image.size)),
    ])
  }

  private static func system(_ system: CrashReport.System) -> JSONValue {
    .object([
      ("architecture", .optional(system.architecture?.rawValue)),
      ("e_machine", .number(UInt64(system.machine))),
      ("class", .number(UInt64(system.bits))),
      ("byte_order", .string(system.byteOrder.rawValue)),
      ("page_size", .number(system.pageSize)),
      ("release", .optional(system.release)),
      ("build_id", .optional(system.buildID)),
      ("crash_time", .optional(system.crashTime)),
      ("moment", .string(system.moment.rawValue)),
      ("moment_evidence", .string(Wording.text(system.momentEvidence))),
      ("cpus", .array(system.processors.map(processor))),
      ("vmcoreinfo", .object(system.vmcoreinfo.map { ($0.name, .string($0.value)) })),
    ])
  }

  private static func processor(_ processor: CrashReport.Processor) -> JSONValue {
    .object([
      ("number", .number(UInt64(processor.number))),
      ("notes", .address(processor.noteAddress)),
      ("pid", .optional((processor.registers?.processIdentifier).map(UInt64.init))),
      ("pc", processor.registers.map { .address($0.programCounter) } ?? .null),
      ("sp", processor.registers.map { .address($0.stackPointer) } ?? .null),
    ])
  }

  private static func header(_ header: CrashReport.Header) -> JSONValue {
    .object([
      ("address", header.address.map { .address($0) } ?? .null),
      ("region", .optional(header.region)),
      ("producer", .string(header.producer.rawValue)),
      ("producer_evidence", .string(Wording.text(header.producerEvidence))),
      ("named_by", .array(header.namedBy.map { .string($0) })),
      ("backup", .optional(header.backup)),
    ])
  }

  private static func core(_ core: CrashReport.Core) -> JSONValue {
    .object([
      ("size", .number(core.size)),
      ("compat", .string(core.compatibility.rawValue)),
      ("note_size", .number(core.noteSize)),
      (
        "loads",
        .array(
          core.loads.map {
            .object([
              ("offset", .number($0.offset)), ("vaddr", .address($0.virtualAddress)),
              ("paddr", .address($0.physicalAddress)), ("size", .number($0.size)),
            ])
          })
      ),
      (
        "missing",
        .array(
          core.missing.map {
            .object([("start", .address($0.lowerBound)), ("end", .address($0.upperBound))])
          })
      ),
    ])
  }
}
