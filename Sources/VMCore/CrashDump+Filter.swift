internal import Bytes
internal import CoreWriting
internal import Handover
internal import MemoryImages

extension CrashDump {
  /// The vmcore without what a filter leaves out, as a file that can be read at any offset.
  ///
  /// Loads are cut where much is left out; what a reader misses reads as zeros.
  public func filtered(
    by filter: FilterOptions, isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(VMCoreError) -> FilteredCore {
    let selected = try select(filter, isCancelled: isCancelled)
    let (cut, zeros) = try selecting { () throws(SelectionError) in
      try plan.cut(
        selected.selection, selected.frames, workers: workers,
        isPacked: !filter.level.known.isEmpty && selected.refusal == nil, isCancelled: isCancelled)
    }
    return FilteredCore(
      file: ELFCoreFile(cut, memory: system.oldMemory),
      report: FilterReport(
        selected.selection, pageSize: plan.pageSize, zero: zeros,
        unfilteredBecause: selected.refusal))
  }

  /// The frames that a filter leaves out.
  func select(
    _ filter: FilterOptions, isCancelled: @escaping @Sendable () -> Bool
  ) throws(VMCoreError) -> Selected {
    let frames = try selectedFrames()
    do throws(SelectionError) {
      let selection = try PageSelection.make(
        filter.level.known, of: frames, in: system, workers: workers, isCancelled: isCancelled)
      return Selected(frames: frames, selection: selection, refusal: nil)
    } catch {
      guard filter.mode == .bestEffort, let why = error.whyNothing else {
        throw VMCoreError(error, image: image.name)
      }
      return Selected(
        frames: frames, selection: PageSelection(nothingOf: frames), refusal: why)
    }
  }

  /// The frames of the vmcore.
  func selectedFrames() throws(VMCoreError) -> SelectedFrames {
    do throws(PlanError) {
      return try SelectedFrames(
        of: plan, in: file, system.architecture, budget: system.imageMemory.budget)
    } catch {
      throw VMCoreError(.unusable, saying: "\(image.name): \(error.message)")
    }
  }

  private func selecting<Value>(
    _ body: () throws(SelectionError) -> Value
  ) throws(VMCoreError) -> Value {
    do throws(SelectionError) { return try body() } catch {
      throw VMCoreError(error, image: image.name)
    }
  }
}

/// Frames, and what is left out of them.
struct Selected {
  let frames: SelectedFrames
  let selection: PageSelection
  /// Why nothing is left out, where that was not asked for.
  let refusal: Bytes.Message?
}

/// A vmcore without what a filter leaves out.
public struct FilteredCore: Sendable {
  let file: ELFCoreFile
  /// What was left out.
  public let report: FilterReport

  /// Bytes of the ELF file.
  public var size: UInt64 { file.size }
}

extension VMCoreError {
  init(_ error: SelectionError, image: String) {
    switch error {
    case .refused(let why):
      self.init(
        .unusable, saying: "\(image): \(why)",
        hints: ["\(.filter)=best-effort writes everything where that is so"])
    case .read(let error): self.init(error)
    case .noSpace(let error): self.init(.cannotCreate, error.description)
    case .cancelled: self.init(.cancelled, "\(image): interrupted while its pages were counted")
    }
  }
}
