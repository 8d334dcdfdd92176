/// The log of a recipe's kernel.
package struct RecipeLog: Sendable, Equatable {
  /// Where it lies, in physical addresses.
  package var physical: UInt64
  package var model: KernelLogModel
}

extension RecipeParser {
  /// Reads a line about the kernel's log; false where it is none.
  mutating func readLog(_ line: RecipeLine) throws(RecipeError) -> Bool {
    switch line.key {
    case "log":
      guard try line.word(2, "the word 'at'") == "at" else { throw line.error("'at' is missing") }
      var model = KernelLogModel(
        try line.choice(0, of: KernelLogModel.Form.self), at: try line.address(3),
        order: recipe.order, wordSize: recipe.architecture.wordBits / 8)
      if let bits = try line.options(from: 4, ["bits"])["bits"] {
        let number = try line.value(bits)
        guard (6...20).contains(number) else { throw line.error("expected 6 to 20 bits") }
        model.bits = Int(number)
      }
      recipe.log = RecipeLog(physical: try line.address(1), model: model)
      recipe.vmcoreinfo.lines += model.information
    case "log-line":
      guard recipe.log != nil else { throw line.error("no 'log' before it") }
      var entry = KernelLogModel.Entry(
        try line.word(0, "a text").split(separator: "\\n", omittingEmptySubsequences: false)
          .joined(separator: "\n").split(separator: "\\e", omittingEmptySubsequences: false)
          .joined(separator: "\u{1b}"))
      try RecipeParser.read(line, into: &entry)
      recipe.log?.model.entries.append(entry)
    default: return false
    }
    return true
  }

  private static func read(
    _ line: RecipeLine, into entry: inout KernelLogModel.Entry
  ) throws(RecipeError) {
    let names = ["us", "level", "facility", "caller", "subsystem", "device", "state"]
    for (name, text) in try line.options(from: 1, names) {
      switch name {
      case "subsystem": entry.subsystem = text
      case "device": entry.device = text
      case "state":
        let states: [String: KernelLogModel.State] = [
          "reserved": .reserved, "committed": .committed, "reusable": .reusable,
        ]
        guard let state = states[text] else { throw line.error("'\(text)' is unknown") }
        entry.state = state
      case "us": entry.nanoseconds = try line.value(text) * 1000
      case "level": entry.level = UInt8(truncatingIfNeeded: try line.value(text) & 7)
      case "facility": entry.facility = UInt8(truncatingIfNeeded: try line.value(text))
      default: entry.caller = UInt32(truncatingIfNeeded: try line.value(text))
      }
    }
  }
}

extension ImageBuilder {
  /// Writes the log.
  mutating func placeLog() {
    guard let log = recipe.log else { return }
    place("log", log.model.bytes(), at: log.physical)
  }
}
