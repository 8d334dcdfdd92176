import CommandParser
import VMCore

/// Tells the running s390x kernel what the crashed one would have started next.
struct ReIPLCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reipl",
    abstract: "Say what makes an s390x machine start what the crashed kernel would have started.")

  @Flag(help: "Write it: a second kernel that lost the block then restarts the right system.")
  var apply = false

  @OptionGroup var image: ImageArguments

  func run() throws {
    try image.requireImage()
    let status = Outcome.of {
      // A dump's own header says nothing of the block, its memory does.
      let dump = try image.open { $0.isRebuilding = $0.oldMemory == nil }
      let block = try dump.reIPL()
      if block.isLastIPL && !image.quiet {
        Diagnostics.say(
          "warning: this is the block of the last IPL (\(block.source)): no re-IPL block was found")
      }
      if apply {
        let written = try block.apply(root: image.root)
        if image.verbose { for name in written { Diagnostics.say("written: \(name)") } }
        return .done
      }
      let lines = try block.firmwareFiles().map { file in
        let text = String(decoding: file.content, as: UTF8.self)
        return PrintableText.line("\(file.name)=\(text.last == "\n" ? text.dropLast() : text[...])")
          + "\n"
      }
      guard StandardOutput.write(lines.joined()) else { throw StandardOutput.failure() }
      return .done
    }
    throw status.exitCode
  }
}
