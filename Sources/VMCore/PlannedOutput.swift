internal import Bytes
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
  private let content: Content
  private let hasDigest: Bool
  /// The files of the image, which no output may replace.
  private let images: [FileIdentity]

  /// One file, or several of which each is a part.
  enum Content: Sendable {
    case file(PlannedFile)
    case set(PlannedSet)
  }

  init(_ content: Content, hasDigest: Bool, images: [FileIdentity]) {
    self.content = content
    self.hasDigest = hasDigest
    self.images = images
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
  public func plan(
    _ output: OutputOptions = OutputOptions()
  ) throws(VMCoreError) -> PlannedOutput {
    PlannedOutput(
      try content(of: output), hasDigest: output.hasDigest, images: image.files)
  }

  private func content(of output: OutputOptions) throws(VMCoreError) -> PlannedOutput.Content {
    let workers = max(1, output.workers ?? self.workers)
    let engine = try output.checkedEngine()
    let pages = Compression(engine: engine, level: output.level)
    let form: PlannedFile.Form
    switch try output.form() {
    case .elf: form = .plain(file)
    case .flattenedELF: form = .flattened(file)
    case .gzip(let level): form = .gzip(file, Compression(engine: engine, level: level))
    case .kdump: form = .kdump(try kdumpPlan(output), pages)
    case .flattenedKdump: form = .flattenedKdump(try kdumpPlan(output), pages)
    case .kdumpSet(let size):
      return .set(
        PlannedSet(try kdumpPlan(output), pages, fileSize: size, workers: workers))
    }
    return .file(PlannedFile(form, workers: workers, hasDigest: output.hasDigest))
  }

  private func kdumpPlan(_ output: OutputOptions) throws(VMCoreError) -> KdumpPlan {
    do throws(PlanError) {
      return try KdumpPlan(for: system, plan, file: file, isCompressed: output.level > 0)
    } catch {
      throw VMCoreError(.unusable, "\(image.name): \(error.description)")
    }
  }
}
