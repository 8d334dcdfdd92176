import Foundation
import TestSupport

/// A script of `testdata/cli`: images to make, commands to run, what each must do.
/// Its README describes the form.
struct CommandScript {
  /// One command and what is expected of it.
  struct Step {
    var command: String
    var line: Int
    var status: Int32 = 0
    var checks: [Check] = []
  }

  /// One expectation of a command's output.
  struct Check {
    enum Stream: String { case out, err }
    enum Relation: String { case has, lacks, empty = "empty", matches }
    var stream: Stream
    var relation: Relation
    var text: String
  }

  /// Recipes to build, with the names of their images.
  private(set) var images: [(name: String, recipe: String)] = []
  /// Files that are made to cost, each with the name of its kind.
  private(set) var hostile: [String] = []
  private(set) var steps: [Step] = []

  init(_ text: String) throws {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    where !line.isEmpty && !line.hasPrefix("#") {
      guard take(line, at: index + 1) else {
        throw LaunchError("line \(index + 1) is not understood: \(line)")
      }
    }
  }

  private mutating func take(_ line: Substring, at number: Int) -> Bool {
    let words = line.split(separator: " ", maxSplits: 2).map(String.init)
    switch words.first {
    case "image":
      guard words.count == 3 else { return false }
      images.append((words[1], words[2]))
    case "hostile":
      guard words.count == 2 else { return false }
      hostile.append(words[1])
    case "$":
      steps.append(Step(command: String(line.dropFirst(2)), line: number))
    case "status":
      guard words.count == 2, let status = Int32(words[1]), !steps.isEmpty else { return false }
      steps[steps.count - 1].status = status
    case "out", "err":
      guard words.count >= 2, !steps.isEmpty, let stream = Check.Stream(rawValue: words[0]),
        let relation = Check.Relation(rawValue: words[1])
      else { return false }
      steps[steps.count - 1].checks.append(
        Check(stream: stream, relation: relation, text: words.count > 2 ? words[2] : ""))
    default: return false
    }
    return true
  }

  /// Runs it; returns what was not as expected.
  func failures() throws -> [String] {
    let scratch = try TemporaryDirectory()
    for image in images { try scratch.add(image.recipe, as: image.name) }
    if !hostile.isEmpty {
      for file in HostileFile.all() where hostile.contains(file.name) {
        try file.write(to: scratch.path(file.name))
      }
    }
    return try steps.flatMap { step in
      let finished = try Launch.shell(step.command, in: scratch).run()
      var failures = step.checks.compactMap { $0.failure(in: finished) }
      if finished.status != step.status {
        failures.append("status \(finished.status), expected \(step.status)")
      }
      return failures.map {
        "line \(step.line): \(step.command): \($0)\nout: \(finished.text.prefix(2000))\n"
          + "err: \(finished.errors.prefix(2000))"
      }
    }
  }
}

extension CommandScript.Check {
  func failure(in finished: Finished) -> String? {
    let found = stream == .out ? finished.text : finished.errors
    switch relation {
    case .has: return found.contains(text) ? nil : "\(stream) lacks '\(text)'"
    case .lacks: return found.contains(text) ? "\(stream) has '\(text)'" : nil
    case .empty: return found.isEmpty ? nil : "\(stream) is not empty"
    case .matches:
      return found.range(of: text, options: .regularExpression) != nil
        ? nil : "\(stream) does not match '\(text)'"
    }
  }
}
