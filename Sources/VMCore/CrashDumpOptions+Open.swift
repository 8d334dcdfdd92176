internal import Bytes
internal import DumpRecords
internal import Handover
internal import MemoryImages

extension CrashDumpOptions {
  /// The memory of the running machine, which kdump has started: that of the kernel before it, where
  /// there is no `/proc/vmcore`.
  public struct OldMemory: Equatable, Sendable {
    /// What stands for `/`: `proc/cmdline`, `proc/device-tree` and `dev/mem` are taken from below it.
    public var root: String

    /// The machine's memory.
    public init(root: String = "/") {
      self.root = root
    }

    /// Whether the running kernel was started by kdump and offers no `/proc/vmcore`.
    public var isNeeded: Bool { SecondKernel(root: root).lacksVMCore }
  }

  /// Opens what is to be read, with what is then looked for in it.
  func open(
    _ path: String, isCancelled: @escaping @Sendable () -> Bool
  ) throws(VMCoreError) -> (MemoryImage, SearchOptions) {
    let imageOptions = imageOptions(isCancelled: isCancelled)
    var searchOptions = try searchOptions(isCancelled: isCancelled)
    do throws(ImageError) {
      guard let oldMemory else {
        return (try ImageFormat.open(path: path, options: imageOptions), searchOptions)
      }
      try refuseSearch()
      let opened = try OldMemoryImage(
        of: SecondKernel(root: oldMemory.root), named: searchOptions.coreHeader,
        isCancelled: isCancelled)
      searchOptions.coreHeader = opened.header.parameter
      searchOptions.runningNamed = opened.header.by
      searchOptions.fallback = .refuse
      // It runs since the purgatory has: nothing is where that moved it from.
      searchOptions.moment = .after
      return (opened.image, searchOptions)
    } catch {
      throw VMCoreError(error)
    }
  }

  /// Refuses what would make something of memory beside what the core header names, or say of a
  /// running machine what it says of files.
  private func refuseSearch() throws(ImageError) {
    let given: [(Bool, Bytes.Setting)] = [
      (selection != .production, .selection), (header != .automatic, .header),
      (fallback.mode == .standalone, .fallback), (isRebuilding, .isRebuilding),
      (state == .before, .state), (verifiesDigest, .verifiesDigest), (!segments.isEmpty, .segments),
      (base != nil, .base), (!holes.isEmpty, .holes), (machine != nil, .machine),
      (!parts.isEmpty, .parts),
    ]
    guard let setting = given.first(where: \.0)?.1 else { return }
    throw ImageError(
      .usage,
      "\(.oldMemory) and \(setting): of a running machine only that memory is touched which the core "
        + "header names")
  }
}
