internal import Bytes
internal import CrashedKernel
internal import Handover
internal import MemoryImages

/// What can be verified in an image: the purgatory's digest and whatever else has a second source.
///
/// ```swift
/// let report = try VerificationReport(imageAt: "image.bin")
/// for row in report.rows { print(row.name, row.answer) }
/// ```
public struct VerificationReport: Equatable, Sendable {
  /// The image's name.
  public let image: String
  /// What the image shows; nil without a core header.
  public let moment: Message?
  /// One row for each check.
  public let rows: [Row]
  /// Whether some row is wrong; nil where there was nothing to verify.
  public let isWrong: Bool?

  /// One check and its answer.
  public struct Row: Equatable, Sendable {
    /// What was checked.
    public let name: String
    /// What came of it.
    public let verdict: Verdict
    /// The answer in a word or two.
    public let answer: String
    /// What was found, with the places, and what it means.
    public let detail: String
  }

  /// What came of a check.
  public enum Verdict: String, Sendable, CaseIterable {
    /// It is as it should be.
    case sound
    /// It is not as it should be.
    case wrong
    /// It is not as it was once, which is how it must be at this moment.
    case expected
    /// There is nothing to check.
    case nothing
  }

  /// Opens an image and checks what is in it.
  public init(
    imageAt path: String, options: CrashDumpOptions = CrashDumpOptions(),
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(VMCoreError) {
    let (image, searchOptions) = try options.open(path, isCancelled: isCancelled)
    do throws(SearchError) {
      self.init(try VerifiedImage(image, searchOptions), name: image.name)
    } catch {
      throw VMCoreError(error, image: image.name)
    }
  }

  private init(_ verified: VerifiedImage, name: String) {
    image = name
    moment = verified.system.map {
      Message("\($0.moment.phase.rawValue) (\($0.moment.evidence))" as Bytes.Message)
    }
    isWrong = verified.verification.isWrong
    rows = verified.verification.rows.map {
      Row(name: $0.name, verdict: Verdict($0.verdict), answer: $0.answer, detail: $0.detail)
    }
  }
}

extension VerificationReport.Verdict {
  init(_ verdict: Verification.Verdict) {
    self =
      switch verdict {
      case .sound: .sound
      case .wrong: .wrong
      case .expected: .expected
      case .nothing: .nothing
      }
  }
}
