internal import Bytes
internal import CoreWriting
internal import CrashedKernel
internal import MemoryImages

/// The file that a flattened one stands for, whatever that holds: what `makedumpfile -R` makes.
///
/// ```swift
/// let file = try UnflattenedFile(at: "vmcore.flat")
/// try file.plan().write(to: .file(path: "vmcore"))
/// ```
public struct UnflattenedFile: Sendable {
  private let input: ImageInput

  /// Opens a flattened file, a pipe, or `-` for standard input, and walks its records.
  ///
  /// - Parameter isCancelled: asked now and then; true ends the walk.
  public init(
    at path: String, isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(VMCoreError) {
    var options = ImageOptions(machines: CrashedKernel.Architecture.identities)
    options.isCancelled = isCancelled
    do throws(ImageError) {
      input = try ImageFormat.unflattened(path: path, options: options)
    } catch {
      throw VMCoreError(error)
    }
  }

  /// What is wrong with it, though it can be read.
  public var warnings: [Message] { input.warnings.map { Message($0.message) } }

  /// Whether it ends before whoever wrote it was done.
  public var isPartial: Bool { input.warnings.contains(where: \.isPartial) }

  /// What reads have shown of it: pages that cannot be read.
  public var lateWarnings: [Message] {
    input.unreadable.compactMap(\.finding).map { Message($0.message) }
  }

  /// Plans its writing.
  ///
  /// - Parameter workers: number of threads; nil takes the processors that may be used.
  public func plan(hasDigest: Bool = false, workers: Int? = nil) -> PlannedOutput {
    var options = CrashDumpOptions()
    options.workers = workers
    return PlannedOutput(
      PlannedFile(.plain(input.source), workers: options.workerCount, hasDigest: hasDigest),
      hasDigest: hasDigest, of: input)
  }
}
