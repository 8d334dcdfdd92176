import CommandParser
import VMCore

/// Says what is in an image without writing a vmcore.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Say what an image holds and what its vmcore would be.")

  @OptionGroup var image: ImageArguments

  @Flag(help: "Print JSON, in the stable form that the manual describes.")
  var json = false

  @Flag(help: "List every look-alike of the core header with the rule that it breaks.")
  var candidates = false

  @Flag(help: "Count pages by what they were used for, and say what each dump level would leave.")
  var pages = false

  func run() throws {
    try image.requireImage()
    let status = Outcome.of {
      let dump = try image.open { $0.isThorough = true }
      let report = dump.report
      let pageReport = pages ? try pageReport(dump) : nil
      let text =
        json
        ? InfoDocument(report, pages: pageReport?.json).value.text + "\n"
        : InfoText(report, withCandidates: candidates).text + (pageReport?.text ?? "")
      guard StandardOutput.write(json ? text : PrintableText.lines(text)) else {
        throw StandardOutput.failure()
      }
      return report.isPartial || pageReport?.isTold == false ? .partial : .done
    }
    throw status.exitCode
  }

  /// What is said of the pages. That they cannot be told hides nothing else.
  private func pageReport(
    _ dump: CrashDump
  ) throws(VMCoreError) -> (text: String, json: JSONValue, isTold: Bool) {
    do throws(VMCoreError) {
      let report = try dump.pageReport { Interruption.isPending }
      return (PageText.text(report), PageText.json(report), report.isSound)
    } catch {
      guard error.kind == .unusable else { throw error }
      return (PageText.text(error), PageText.json(error), false)
    }
  }
}
