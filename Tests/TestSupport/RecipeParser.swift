/// Reads a recipe: one `key value...` a line, `#` starts a comment.
package struct RecipeParser {
  var recipe: Recipe

  /// The recipe that a text holds.
  package static func parse(_ text: String) throws(RecipeError) -> Recipe {
    var parser: RecipeParser?
    var number = 0
    for text in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      guard let line = try RecipeLine(text, number: number) else { continue }
      if line.key == "arch" {
        let name = try line.word(0, "an architecture")
        guard parser == nil else { throw line.error("stands twice") }
        guard let architecture = RecipeArchitecture.named(name) else {
          throw line.error("'\(name)' is unknown")
        }
        parser = RecipeParser(recipe: Recipe(architecture: architecture))
      } else if parser == nil {
        throw line.error("'arch' must come first")
      } else if try parser?.readMachine(line) != true, try parser?.readCrash(line) != true,
        try parser?.readImage(line) != true, try parser?.readSymbols(line) != true,
        try parser?.readLog(line) != true
      {
        throw line.error("this key is unknown")
      }
    }
    guard let parser else { throw RecipeError("there is no line 'arch'") }
    return parser.recipe
  }

  private mutating func readMachine(_ line: RecipeLine) throws(RecipeError) -> Bool {
    switch line.key {
    case "class":
      recipe.headerClass = try line.count(0, "32 or 64")
      if recipe.headerClass != 32, recipe.headerClass != 64 {
        throw line.error("neither 32 nor 64")
      }
    case "order": recipe.byteOrder = try line.choice(0, of: RecipeOrder.self)
    case "page-size":
      let size = try line.address(0, "a size")
      guard size >= 4096, size <= 1 << 20, size & (size - 1) == 0 else {
        throw line.error("\(size) is not a page size")
      }
      recipe.givenPageSize = size
    case "page-offset": recipe.pageOffset = try line.address(0)
    case "ram": recipe.ram.append(try line.range(0))
    case "memory-map": try readMemoryMap(line)
    case "fill": recipe.fills.append(try fill(line))
    case "cpu": recipe.cpus.append(try cpu(line))
    case "note": try readNote(line)
    case "osrelease": recipe.vmcoreinfo.release = try line.word(0, "a release")
    case "build-id": recipe.vmcoreinfo.buildID = try line.word(0, "hex digits")
    case "crashtime":
      recipe.vmcoreinfo.crashTime =
        line.words.first == "none" ? nil : try line.address(0, "a time")
    case "info": recipe.vmcoreinfo.lines.append(line.words.joined(separator: " "))
    case "vmcoreinfo":
      recipe.vmcoreinfo.isPresent = line.words.first != "none"
      if recipe.vmcoreinfo.isPresent { recipe.vmcoreinfo.address = try line.address(0) }
    case "system-name": recipe.systemName = try line.address(0)
    default: return false
    }
    return true
  }

  private mutating func readCrash(_ line: RecipeLine) throws(RecipeError) -> Bool {
    switch line.key {
    case "producer": recipe.producer = try line.choice(0, of: Recipe.Producer.self)
    case "crash": recipe.crash.append(try line.range(0))
    case "header": recipe.header = line.words.first == "none" ? nil : try line.address(0)
    case "backup":
      guard try line.word(1, "the word 'at'") == "at" else { throw line.error("'at' is missing") }
      recipe.backup = .init(source: try line.range(0), address: try line.address(2))
    case "fadump":
      var fadump = RecipeFadump(
        form: try line.choice(0, of: RecipeFadump.Form.self), address: try line.address(1),
        notes: 0)
      for (_, text) in try line.options(from: 2, ["notes"]) { fadump.notes = try line.value(text) }
      recipe.fadump = fadump
    case "second-kernel":
      recipe.secondRelease = try line.word(0, "a release")
      if line.words.count > 1 { recipe.secondPageSize = try line.address(1, "a page size") }
    case "other-kernel":
      recipe.otherKernels.append(
        .init(
          release: try line.word(0, "a release"), note: try line.address(1),
          name: try line.address(2), lines: Array(line.words.dropFirst(3))))
    case "moment": recipe.moment = try line.choice(0, of: Recipe.Moment.self)
    case "kernel-text":
      recipe.kernelText = .init(
        virtual: try line.address(0), physical: try line.address(1),
        size: try line.address(2, "a size"))
    case "load": recipe.loadEdits.append(try loadEdit(line))
    case "load-order": recipe.loadEdits.append(try loadOrder(line))
    case "name-by":
      if line.words != ["nothing"] { recipe.naming.append(try naming(line)) }
    case "merged":
      recipe.omitsMergedHeader = line.words.first == "none"
      if !recipe.omitsMergedHeader { recipe.mergedHeader = try line.address(0) }
    case "decoy": recipe.decoys.append(try decoy(line))
    default: return false
    }
    return true
  }

  private mutating func readImage(_ line: RecipeLine) throws(RecipeError) -> Bool {
    switch line.key {
    case "base": recipe.base = try line.address(0)
    case "end": recipe.end = try line.address(0)
    case "machine":
      let starts: [String: UInt64] = [
        "pc": 0xc000_0000, "q35": 0x8000_0000, "microvm": 0xc000_0000,
      ]
      let name = try line.word(0, "a machine")
      guard let start = starts[name] else { throw line.error("'\(name)' is unknown") }
      recipe.holes.append(start..<0x1_0000_0000)
    case "hole": recipe.holes.append(try line.range(0))
    case "truncate": recipe.truncation = try line.address(0, "a size")
    case "damage":
      recipe.damage.append(
        .init(
          address: try line.address(0), bytes: try line.hexBytes(line.words.dropFirst().joined())))
    case "s390":
      var s390 = recipe.s390 ?? RecipeS390()
      try RecipeParser.read(line, into: &s390)
      recipe.s390 = s390
    case "expect": try readExpectation(line)
    default: return false
    }
    return true
  }

  private mutating func readNote(_ line: RecipeLine) throws(RecipeError) {
    guard let last = recipe.cpus.indices.last else { throw line.error("no 'cpu' before it") }
    let type = try line.address(1, "a type")
    recipe.cpus[last].extraNotes.append(
      RecipeNote(
        name: try line.word(0, "a name"), type: type,
        content: try line.hexBytes(line.words.dropFirst(2).joined())))
  }

  private mutating func readExpectation(_ line: RecipeLine) throws(RecipeError) {
    let value = try line.word(1, "a value")
    switch try line.word(0, "what is expected") {
    case "status": recipe.expectation.status = try line.count(1, "a status")
    case "header": recipe.expectation.header = try line.address(1)
    case "message": recipe.expectation.messages.append(value)
    case "arguments": recipe.expectation.arguments += value.split(separator: " ").map(String.init)
    default: throw line.error("'\(line.words[0])' is unknown")
    }
  }
}
