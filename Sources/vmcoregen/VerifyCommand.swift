import CommandParser
import VMCore

/// Says what in an image agrees with a second source, and what does not.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check the purgatory's digest and whatever else in an image can be checked.")

  @OptionGroup var image: ImageArguments

  @Flag(help: "Print JSON, in the stable form that the manual describes.")
  var json = false

  func run() throws {
    try image.requireImage()
    let status = Outcome.of {
      let report = try VerificationReport(
        imageAt: image.image ?? "", options: image.options(),
        isCancelled: { Interruption.isPending })
      let text = json ? document(report).text + "\n" : table(report)
      guard StandardOutput.write(json ? text : PrintableText.lines(text)) else {
        throw StandardOutput.failure()
      }
      guard let isWrong = report.isWrong else {
        throw VMCoreError(.unusable, "\(report.image): nothing in it can be verified")
      }
      return isWrong ? .partial : .done
    }
    throw status.exitCode
  }

  private func table(_ report: VerificationReport) -> String {
    let moment = report.moment.map { ["moment: \(Wording.text($0))"] } ?? []
    let rows = report.rows.map { "\($0.name): \($0.answer): \($0.detail)" }
    return (moment + rows).map { PrintableText.line($0) + "\n" }.joined()
  }

  private func document(_ report: VerificationReport) -> JSONValue {
    .object([
      ("schema", .number(InfoDocument.version)),
      ("image", .string(report.image)),
      ("moment", .optional(report.moment.map(Wording.text))),
      ("wrong", report.isWrong.map { .boolean($0) } ?? .null),
      (
        "checks",
        .array(
          report.rows.map {
            .object([
              ("name", .string($0.name)), ("verdict", .string($0.verdict.rawValue)),
              ("answer", .string($0.answer)), ("detail", .string($0.detail)),
            ])
          })
      ),
    ])
  }
}
