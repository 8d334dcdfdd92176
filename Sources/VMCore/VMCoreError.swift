internal import Bytes
internal import CoreWriting
internal import CrashedKernel
internal import Handover
internal import MemoryImages

/// Why a vmcore could not be made or written. The text names the file, the place, what was found
/// and what was expected.
public struct VMCoreError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The sort of failure.
  public enum Kind: Sendable, Equatable {
    /// The options contradict each other or the image.
    case usage
    /// The image cannot be opened.
    case cannotOpen
    /// The image is not recognised, holds no core header, or is damaged beyond use.
    case unusable
    /// The output cannot be created, or must not be.
    case cannotCreate
    /// Reading the image failed.
    case readFailed
    /// Writing the output failed.
    case writeFailed
    /// Whoever read the output closed it.
    case closedPipe
    /// The run was interrupted.
    case cancelled
  }

  /// The sort of failure.
  public var kind: Kind
  /// What it says, in one line.
  public var message: Message
  /// What to try, one line each.
  public var hints: [Message]
  /// The whole text.
  public var description: String { message.description }

  /// A failure with its whole text.
  public init(_ kind: Kind, _ text: String) {
    self.kind = kind
    message = Message(text)
    hints = []
  }

  init(_ kind: Kind, saying message: Bytes.Message, hints: [Bytes.Message] = []) {
    self.kind = kind
    self.message = Message(message)
    self.hints = hints.map { Message($0) }
  }

  init(_ error: ImageError) {
    let kind: Kind =
      switch error.kind {
      case .usage: .usage
      case .cannotOpen: .cannotOpen
      case .unusable: .unusable
      case .cancelled: .cancelled
      }
    self.init(kind, saying: error.message)
  }

  init(_ error: ReadError) {
    let kind: Kind =
      switch error.kind {
      case .failed: .readFailed
      case .tooCostly: .unusable
      case .cancelled: .cancelled
      }
    self.init(kind, error.description)
  }

  init(_ error: WriteError) {
    let kind: Kind =
      switch error.kind {
      case .cannotCreate: .cannotCreate
      case .failed: .writeFailed
      case .readFailed: .readFailed
      case .tooCostly: .unusable
      case .closedPipe: .closedPipe
      case .cancelled: .cancelled
      }
    self.init(kind, saying: error.message)
  }

  init(_ error: SearchError, image: String) {
    switch error {
    case .read(let error): self.init(error)
    case .cancelled: self.init(.cancelled, "\(image): interrupted while searching")
    case .digestDiffers(let text):
      self.init(
        .unusable, saying: "\(image): the purgatory's digest differs: \(text)",
        hints: ["without \(.verifiesDigest) the core header is followed all the same"])
    case .corrupt(let text): self.init(.unusable, saying: "\(image): \(text)")
    case .stale(let header, _):
      let address = header.address.hex
      self.init(
        .unusable,
        saying: "\(image): the core header at \(address) is of a kernel that is not in memory: "
          + "\(header.difference)",
        hints: [
          "either the machine has been started again since that crash, and the header is left over",
          "or that kernel's memory has been overwritten, or does not lie where the file has it",
          "\(.elfcorehdr)=\(address) takes the header all the same",
        ])
    case .ambiguous(let failure):
      let count = failure.choices.count
      let shown = failure.choices.prefix(VMCoreError.shownChoices)
      self.init(
        .unusable,
        saying: count == 1
          ? "\(image): one core header is left, but its notes cannot be read"
          : "\(image): \(count) core headers are left and no rule separates them",
        hints: shown + (count > shown.count ? ["and \(count - shown.count) more"] : [])
          + [failure.hint])
    case .layoutOpen(let failure):
      let count = failure.choices.count
      let shown = failure.choices.prefix(VMCoreError.shownChoices)
      self.init(
        .unusable, saying: "\(image): nothing proves how the file lies in memory",
        hints: shown + (count > shown.count ? ["and \(count - shown.count) more"] : [])
          + [failure.hint])
    case .notFound(let failure):
      self.init(
        .unusable,
        saying:
          "\(image): no elfcorehdr: no kdump kernel was loaded, or its header is not in this image",
        hints: VMCoreError.search(failure) + [
          failure.character.map { Bytes.Message("seen: \($0)") }
            ?? "without a sound vmcoreinfo, \(.fallback)=standalone \(.architecture)=NAME dumps all memory",
          failure.hint,
        ])
    }
  }

  /// The same with what was seen while the image was opened, which may be why.
  func mentioning(_ findings: [Finding]) -> VMCoreError {
    var error = self
    error.hints = findings.map { Message($0.message) } + hints
    return error
  }

  /// Headers that a message lists at most.
  private static let shownChoices = 16

  /// What was searched and what was found instead; the nearest misses only.
  private static func search(_ failure: SearchFailure) -> [Bytes.Message] {
    let searched: [Bytes.Message] = failure.locators.map { "searched: \(CrashReport.Locator($0))" }
    let misses: [Bytes.Message] = failure.candidates
      .filter { $0.rejection?.rule != .acceptable }.prefix(8)
      .map { "not it: \($0.address.hex): \($0.rejection?.text ?? "")" }
    return searched + misses
  }
}
