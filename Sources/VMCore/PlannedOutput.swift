internal import Bytes
internal import Codecs
internal import CoreWriting
internal import MemoryImages

/// A vmcore in the form in which it is to be written, before its first byte is. It is made once and
/// can be written any number of times.
///
/// ```swift
/// let planned = try dump.plan(output)
/// print("at most", planned.work, "bytes to go")
/// try planned.write(to: .file(path: "vmcore.kdump"))
/// ```
public struct PlannedOutput: Sendable {
  /// What is left out; nil where nothing was asked to be.
  public let filter: FilterReport?
  private let content: Content
  private let hasDigest: Bool
  /// The files of the image, which no output may replace.
  private let images: [FileIdentity]
  /// What may be written of it.
  private let budget: Budget
  /// What is given back when all is written.
  private let systemArea: HardwareSystemArea?

  /// One file, or several of which each is a part.
  enum Content: Sendable {
    case file(PlannedFile)
    case set(PlannedSet)
  }

  init(
    _ content: Content, filter: FilterReport?, hasDigest: Bool, of image: MemoryImage,
    releasing systemArea: HardwareSystemArea? = nil
  ) {
    self.systemArea = systemArea
    self.content = content
    self.filter = filter
    self.hasDigest = hasDigest
    images = image.files
    budget = image.budget
  }

  /// A file that is put together and not looked into.
  init(_ file: PlannedFile, hasDigest: Bool, of input: ImageInput) {
    content = .file(file)
    filter = nil
    self.hasDigest = hasDigest
    images = input.files
    budget = input.budget
    systemArea = nil
  }

  /// Bytes that were made of an image.
  init(_ source: any ByteSource, sparing images: [FileIdentity]) {
    content = .file(PlannedFile(.plain(source), workers: 1, hasDigest: false))
    systemArea = nil
    filter = nil
    hasDigest = false
    self.images = images
    budget = Budget(source.name, stored: source.size)
  }

  /// The ELF vmcore without what a filter leaves out.
  init(_ core: FilteredCore, of dump: CrashDump) {
    self.init(
      .file(PlannedFile(.plain(core.file), workers: dump.workers, hasDigest: false)),
      filter: core.report, hasDigest: false, of: dump.image)
  }

  /// Size of the output in bytes; nil where it is known only when the output is written.
  public var size: UInt64? {
    switch content {
    case .file(let file): file.size
    case .set: nil
    }
  }

  /// What the progress of a write counts up to: bytes of the ELF vmcore, or of memory.
  public var work: UInt64 {
    switch content {
    case .file(let file): file.work
    case .set(let set): set.work
    }
  }

  /// Writes everything.
  ///
  /// - Returns: the SHA-256 in hexadecimal, where it was asked for and no file can be put beside the
  ///   output.
  @discardableResult
  public func write(
    to target: OutputTarget, control: WriteControl = WriteControl()
  ) throws(VMCoreError) -> String? {
    let digest = try writeAll(to: target, control)
    if let notice = systemArea?.release() { control.notice(notice) }
    return digest
  }

  private func writeAll(
    to target: OutputTarget, _ control: WriteControl
  ) throws(VMCoreError) -> String? {
    var control = control
    control.budget = budget.renewed
    do throws(WriteError) {
      switch (target, content) {
      case (.file(let path, let mayReplace), .file(let file)):
        return try write(file, toFileAt: path, mayReplace: mayReplace, control)
      case (.file(let path, let mayReplace), .set(let set)):
        try refuseImages(at: path)
        try SplitFiles(path: path, mayReplace: mayReplace, images: images)
          .write(set, hasDigest: hasDigest, control)
        return nil
      case (.descriptor(let descriptor, let name), .file(let file)):
        return try Destination(descriptor: descriptor, name: name)
          .write(file, sparing: images, control).map(DigestFile.text)
      case (.descriptor, .set):
        break
      }
    } catch {
      throw VMCoreError(error)
    }
    throw OutputTarget.setWithoutName
  }

  private func refuseImages(at path: String) throws(WriteError) {
    try Destination.refuse(path: path, ifOneOf: images)
    if hasDigest { try Destination.refuse(path: DigestFile.path(for: path), ifOneOf: images) }
  }

  private func write(
    _ planned: PlannedFile, toFileAt path: String, mayReplace: Bool, _ control: WriteControl
  ) throws(WriteError) -> String? {
    try refuseImages(at: path)
    if let stream = try Destination.stream(at: path) {
      defer { stream.close() }
      return try stream.write(planned, sparing: [], control).map(DigestFile.text)
    }
    let sidecar = try hasDigest ? DigestFile(for: path, mayReplace: mayReplace) : nil
    let file = try OutputFile(path: path, mayReplace: mayReplace)
    do throws(WriteError) {
      let digest = try planned.write(
        to: OutputDescriptor(
          inPlace: file.descriptor, name: path, leavesHoles: control.isSparse,
          monitor: control.monitor))
      try sidecar?.write([(path, digest)])
      try OutputFile.finish([file] + [sidecar?.file].compactMap { $0 })
    } catch {
      file.abandon()
      throw error
    }
    return nil
  }
}

extension CrashDump {
  /// Plans an output: everything that is wrong with it is said before its first byte is written.
  ///
  /// - Parameter isCancelled: asked now and then where pages are left out; true ends the plan.
  public func plan(
    _ output: OutputOptions = OutputOptions(),
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(VMCoreError) -> PlannedOutput {
    let content = try ContentSource(self, output, isCancelled)
    let early = output.isWholeELF ? output.systemArea?.part(of: plan.header) : nil
    return PlannedOutput(
      try self.content(of: output, content, early), filter: content.report,
      hasDigest: output.hasDigest, of: image, releasing: early == nil ? output.systemArea : nil)
  }

  /// The form that the options ask for; what contradicts itself is refused.
  private func content(
    of output: OutputOptions, _ source: ContentSource, _ early: EarlyPart?
  ) throws(VMCoreError) -> PlannedOutput.Content {
    guard (0...9).contains(output.gzipLevel ?? 0) else {
      throw VMCoreError(.usage, "compression level \(output.gzipLevel ?? 0), expected 0 to 9")
    }
    let packing = try output.checkedForm()
    let engine = try output.checkedEngine()
    let workers = max(1, output.workers ?? self.workers)
    let pages = Compression(
      engine: engine, level: packing == nil ? 0 : output.level, form: packing ?? .zlib)
    let form: PlannedFile.Form
    switch (output.format, output.isFlattened, output.gzipLevel, output.splitSize) {
    case (.elf, true, nil, nil): form = .flattened(source.file)
    case (.elf, false, nil, nil), (.lime, false, nil, nil), (.raw, false, nil, nil),
      (.s390Dump, false, nil, nil):
      form = .plain(try plainFile(output.format, source))
    case (.elf, false, let level?, nil), (.lime, false, let level?, nil),
      (.raw, false, let level?, nil), (.s390Dump, false, let level?, nil):
      form = .gzip(
        try plainFile(output.format, source), Compression(engine: engine, level: level))
    case (.kdump, false, nil, nil): form = .kdump(try kdumpPlan(output, source), pages)
    case (.kdump, true, nil, nil): form = .flattenedKdump(try kdumpPlan(output, source), pages)
    case (.kdump, false, nil, let size?):
      return .set(
        PlannedSet(try kdumpPlan(output, source), pages, fileSize: size, workers: workers))
    case (.kdump, _, _?, _):
      throw VMCoreError(.usage, "gzip goes around the ELF vmcore, a kdump file is packed already")
    case (.elf, true, _?, _):
      throw VMCoreError(.usage, "a flattened file is not packed with gzip: expected one of them")
    case (.lime, true, _, _), (.raw, true, _, _), (.s390Dump, true, _, _):
      throw VMCoreError(
        .usage, "the flattened form is one of ELF and kdump-compressed files: expected either")
    case (.elf, _, _, _?), (.lime, _, _, _?), (.raw, _, _, _?), (.s390Dump, _, _, _?),
      (.kdump, true, nil, _?):
      throw VMCoreError(.usage, "only a kdump-compressed file that is not flattened can be split")
    }
    return .file(
      PlannedFile(form, workers: workers, hasDigest: output.hasDigest, early: early))
  }

  /// What a format makes of the vmcore that is a file like it.
  private func plainFile(
    _ format: OutputOptions.Format, _ source: ContentSource
  ) throws(VMCoreError) -> ELFCoreFile {
    do throws(PlanError) {
      switch format {
      case .elf, .kdump: return source.file
      case .lime: return try LiMEOutput.file(of: plan, in: file)
      case .raw: return try RawOutput.file(of: plan, in: file)
      case .s390Dump: return try S390Output.file(of: plan, in: file, system)
      }
    } catch {
      throw VMCoreError(.unusable, saying: "\(image.name): \(error.message)")
    }
  }

  private func kdumpPlan(
    _ output: OutputOptions, _ source: ContentSource
  ) throws(VMCoreError) -> KdumpPlan {
    do throws(PlanError) {
      return try KdumpPlan(
        for: system, plan, file: file, packedAs: try? output.checkedForm(),
        selection: source.selection)
    } catch {
      throw VMCoreError(.unusable, saying: "\(image.name): \(error.message)")
    }
  }
}

/// What an output is made of.
private struct ContentSource {
  /// The ELF vmcore, without what a filter leaves out.
  let file: ELFCoreFile
  /// What it leaves out of another format.
  let selection: PageSelection?
  let report: FilterReport?

  init(
    _ dump: CrashDump, _ output: OutputOptions, _ isCancelled: @escaping @Sendable () -> Bool
  ) throws(VMCoreError) {
    guard let filter = output.filter else {
      (file, selection, report) = (dump.file, nil, nil)
      return
    }
    switch output.format {
    case .elf:
      let filtered = try dump.filtered(by: filter, isCancelled: isCancelled)
      (file, selection, report) = (filtered.file, nil, filtered.report)
    case .kdump:
      let selected = try dump.select(filter, isCancelled: isCancelled)
      file = dump.file
      selection = selected.selection
      report = FilterReport(
        selected.selection, pageSize: dump.plan.pageSize, zero: nil,
        unfilteredBecause: selected.refusal)
    case .lime, .raw, .s390Dump:
      throw VMCoreError(
        .usage,
        "the format \(output.format.rawValue) cannot say which pages are left out: expected elf or "
          + "kdump for dump level \(filter.level)")
    }
  }
}
