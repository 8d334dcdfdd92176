internal import Bytes
internal import CoreWriting
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// The vmcore that the second kernel would have offered for a memory image. It is stored nowhere:
/// headers are planned, data is read from the image when it is asked for.
///
/// ```swift
/// let dump = try CrashDump(imageAt: "image.bin")
/// print(dump.report.system.architecture ?? "unknown", dump.size)
/// try dump.write(toFileAt: "vmcore")
/// ```
public final class CrashDump: Sendable {
  let system: CrashedSystem
  let image: MemoryImage
  let plan: CorePlan
  let file: ELFCoreFile
  let workers: Int

  /// Everything that was found, and what the vmcore will be.
  public let report: CrashReport

  /// Opens an image, finds the crashed kernel's core header and plans the vmcore.
  ///
  /// - Parameters:
  ///   - path: a regular file or a block device; not looked at where `options` has segments.
  ///   - isCancelled: asked now and then from any thread; true ends the search.
  /// - Throws: ``VMCoreError`` with a kind for each sort of failure.
  public init(
    imageAt path: String, options: CrashDumpOptions = CrashDumpOptions(),
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(VMCoreError) {
    let image: MemoryImage
    let imageOptions = try options.imageOptions()
    let searchOptions = try options.searchOptions(isCancelled: isCancelled)
    let planOptions = try options.planOptions()
    do throws(ImageError) {
      image = try ImageFormat.open(path: path, options: imageOptions)
    } catch {
      throw VMCoreError(error)
    }
    do throws(SearchError) {
      system = try CrashedSystem(in: image, searchOptions)
    } catch {
      throw VMCoreError(error, image: image.name)
    }
    do throws(PlanError) {
      plan = try CorePlan(for: system, planOptions)
    } catch {
      throw VMCoreError(.unusable, "\(image.name): \(error.description)")
    }
    self.image = image
    workers = options.workerCount
    file = ELFCoreFile(plan, memory: system.memory)
    report = CrashReport(image, system, plan)
  }

  /// Size of the vmcore in bytes.
  public var size: UInt64 { file.size }

  /// Up to `count` bytes of the vmcore from `offset` on; fewer at its end.
  public func bytes(at offset: UInt64, count: Int) throws(VMCoreError) -> [UInt8] {
    do throws(ReadError) {
      return try file.bytes(at: offset, count: count)
    } catch {
      throw VMCoreError(.readFailed, error.description)
    }
  }

  /// Physical memory of the crashed system, where the image holds all of it; else nil.
  public func memory(at address: UInt64, count: Int) throws(VMCoreError) -> [UInt8]? {
    do throws(ReadError) {
      return try system.memory.bytes(at: address, count: count)
    } catch {
      throw VMCoreError(.readFailed, error.description)
    }
  }

  /// Writes the whole vmcore to anything that takes bytes in order.
  public func write(to sink: inout some CoreSink) throws {
    var offset: UInt64 = 0
    while offset < size {
      let bytes = try bytes(at: offset, count: Chunk.usualSize)
      try sink.write(bytes)
      offset += UInt64(bytes.count)
    }
  }

  /// The bytes of a part that can be taken out alone.
  public func extract(_ part: ExtractedPart) throws(VMCoreError) -> [UInt8] {
    switch part {
    case .vmcoreinfo:
      guard let text = system.vmCoreInfo?.text else {
        throw VMCoreError(.unusable, "\(image.name): the core header has no VMCOREINFO note")
      }
      return text
    case .elfcorehdr: return system.header.encoded
    case .notes:
      let note = plan.header.segments[0]
      return try bytes(at: note.offset, count: Int(min(note.memorySize, 1 << 30)))
    }
  }
}

/// What ``CrashDump/extract(_:)`` takes out.
public enum ExtractedPart: String, Sendable, CaseIterable {
  /// The text of the VMCOREINFO note.
  case vmcoreinfo
  /// The merged notes, as they stand in the vmcore.
  case notes
  /// The core header with its table, as it stands in the image.
  case elfcorehdr
}

/// Takes the bytes of a vmcore in order.
///
/// ```swift
/// struct Counter: CoreSink {
///   var count = 0
///   mutating func write(_ bytes: [UInt8]) { count += bytes.count }
/// }
/// ```
public protocol CoreSink {
  /// Takes the next bytes; throwing ends the run.
  mutating func write(_ bytes: [UInt8]) throws
}
