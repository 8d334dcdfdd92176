package import CrashedKernel
package import DumpRecords

/// What the user says about the crashed system.
package struct SearchOptions: Sendable {
  /// `--elfcorehdr`
  package var coreHeader: ELFCoreHeaderParameter?
  /// What named ``coreHeader`` to a second kernel whose memory is read as it runs (`--old-memory`):
  /// nothing is searched then; nil: it is the user's option.
  package var runningNamed: String?
  /// `--state`
  package var moment: MomentOption = .automatic
  /// `--header`
  package var headerSource: HeaderSource = .automatic
  /// `--select`
  package var selection: Selection = .production
  /// `--verify`: whether a header is refused where the purgatory would have refused it.
  package var verifiesDigest = false
  /// `--fallback`
  package var fallback: Fallback = .automatic
  /// `--arch`: what the machine was, where nothing in the image tells; one of ``Architecture/all``.
  package var architecture: Architecture?
  /// `--ram`: where the machine had memory, for a vmcore without a core header.
  package var ram: [Range<UInt64>] = []
  /// `--vmcoreinfo`: a text that is used instead of one in the image, for the same.
  package var vmCoreInfo: VMCoreInfo?
  /// `--rebuild`: whether the memory of a dump is searched though it brings a header along.
  package var isRebuilding = false
  /// Number of threads that scan.
  package var workers = 1
  /// Asked now and then; true stops the search.
  package var isCancelled: @Sendable () -> Bool = { false }
  /// Whether the whole image is searched though the option names the header (`info`).
  package var isThorough = false

  /// Nothing said.
  package init() {}
}

/// `--state`: whether the purgatory has run, where the evidence is not believed.
package enum MomentOption: String, Sendable, CaseIterable {
  case automatic = "auto"
  case before = "pre"
  case after = "post"
}

/// `--header`: whether a core header is looked for in memory or built.
package enum HeaderSource: String, Sendable, CaseIterable {
  /// What a second kernel of that architecture and release does.
  case automatic = "auto"
  case image
  case build
}

/// `--fallback`: what is done without a usable core header.
package enum Fallback: String, Sendable, CaseIterable {
  /// A vmcore of all memory where the image is recognisably Linux.
  case automatic = "auto"
  /// The same also where several headers are left, and without a sound vmcoreinfo.
  case standalone
  /// An error.
  case refuse
}

extension SearchOptions {
  /// Whether the header is to come out of memory, also where the file is a dump already.
  var asksForSearch: Bool {
    isRebuilding || coreHeader != nil || selection != .production || headerSource == .build
  }
}
