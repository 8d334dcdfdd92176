package import Bytes

/// No core header could be chosen.
package enum SearchError: Error, Equatable, Sendable {
  /// None was found, or every candidate broke a rule.
  case notFound(SearchFailure)
  /// Several are left and no rule separates them.
  case ambiguous(SearchFailure)
  /// Nothing proves how a raw file lies in memory, or what proves it contradicts itself.
  case layoutOpen(SearchFailure)
  /// The one that is left is of a kernel that does not lie in memory.
  case stale(StaleHeader, SearchFailure)
  /// The one that was asked for is none.
  case corrupt(Message)
  /// The purgatory would have refused what is loaded, and that was to be heeded.
  case digestDiffers(String)
  /// The image could not be read.
  case read(ReadError)
  /// The run was interrupted.
  case cancelled

  /// What was searched without finding a header that can be used.
  var searched: SearchFailure? {
    switch self {
    case .notFound(let failure), .ambiguous(let failure), .layoutOpen(let failure),
      .stale(_, let failure):
      failure
    case .corrupt, .digestDiffers, .read, .cancelled: nil
    }
  }

  /// What was searched, with the layouts among which nothing chooses.
  func beside(_ choice: LayoutChoice) -> SearchFailure {
    var open = searched ?? SearchFailure()
    (open.choices, open.hint) = (choice.descriptions, choice.hint)
    return open
  }

  /// Whether there is no usable core header, as opposed to a search that could not be done.
  var isAbsence: Bool {
    switch self {
    case .notFound, .ambiguous, .layoutOpen, .stale, .corrupt: true
    case .digestDiffers, .read, .cancelled: false
    }
  }
}

/// A core header whose kernel does not lie where its vmcoreinfo says (rule R9).
package struct StaleHeader: Equatable, Sendable {
  /// Physical address of the header.
  package var address: UInt64
  /// What is in memory, against what vmcoreinfo says.
  package var difference: String
  /// The memory between its loads in which it lies: there a second kernel ran.
  package var crashRegion: Range<UInt64>
}

/// What was searched, and what was found instead.
package struct SearchFailure: Equatable, Sendable {
  /// One line for each locator.
  package var locators: [LocatorReport] = []
  /// Every look-alike with its reason.
  package var candidates: [CandidateReport] = []
  /// The headers that are left, as `elfcorehdr=` takes them, and what tells them apart.
  package var choices: [Message] = []
  /// Which settings would make the choice.
  package var hint: Message = ""
  /// What the image's bytes look like, where nothing was found in them and they are not like a
  /// machine's memory.
  package var character: String?
}
