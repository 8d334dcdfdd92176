extension RecipeParser {
  func fill(_ line: RecipeLine) throws(RecipeError) -> RecipeFill {
    let content: RecipeFill.Content
    switch try line.word(1, "zero, byte, counter, random or text") {
    case "zero": content = .zero
    case "counter": content = .counter
    case "byte":
      guard let byte = UInt8(exactly: try line.address(2, "a byte")) else {
        throw line.error("'\(line.words[2])' is not a byte")
      }
      content = .byte(byte)
    case "random": content = .random(seed: try line.address(2, "a seed"))
    case "text": content = .text(try line.word(2, "a text"))
    default: throw line.error("'\(line.words[1])' is unknown")
    }
    return RecipeFill(range: try line.range(0), content: content)
  }

  func cpu(_ line: RecipeLine) throws(RecipeError) -> RecipeCPU {
    var cpu = RecipeCPU(number: try line.count(0, "a number"))
    cpu.state = try line.choice(1, of: RecipeCPU.State.self)
    for (name, text) in try line.options(from: 2, ["pc", "sp", "pid", "buffer", "at"]) {
      let value = try line.value(text)
      switch name {
      case "pc": cpu.counter = value
      case "sp": cpu.stack = value
      case "pid": cpu.process = value
      case "buffer": cpu.bufferSize = value
      default: cpu.address = value
      }
    }
    return cpu
  }

  func loadEdit(_ line: RecipeLine) throws(RecipeError) -> RecipeLoadEdit {
    let names = ["type", "offset", "vaddr", "paddr", "filesz", "memsz", "flags", "align"]
    let verb = try line.word(0, "add, set or remove")
    let first = verb == "add" ? 1 : 2
    var fields: [String: UInt64] = [:]
    for (name, text) in try line.options(from: first, names) {
      fields[name] = try line.value(text)
    }
    switch verb {
    case "add": return .add(fields: fields)
    case "set": return .set(index: try line.count(1, "an index"), fields: fields)
    case "remove": return .remove(index: try line.count(1, "an index"))
    default: throw line.error("'\(verb)' is unknown")
    }
  }

  func loadOrder(_ line: RecipeLine) throws(RecipeError) -> RecipeLoadEdit {
    if line.words.first == "shuffle" {
      return .shuffle(seed: try line.address(1, "a seed"))
    }
    var order: [Int] = []
    for index in line.words.indices {
      order.append(try line.count(index, "an index"))
    }
    return .order(order)
  }

  func naming(_ line: RecipeLine) throws(RecipeError) -> RecipeNaming {
    let address = try line.address(1)
    switch try line.word(0, "what names the header") {
    case "boot-params":
      return RecipeNaming(
        kind: .bootParameters, address: address, text: line.words.dropFirst(2).first)
    case "command-line":
      return RecipeNaming(
        kind: .commandLine, address: address, text: line.words.dropFirst(2).first)
    case "purgatory": return RecipeNaming(kind: .purgatory, address: address)
    case "device-tree":
      let parts =
        line.words.count > 2 ? try line.choice(2, of: RecipeNaming.Parts.self) : .property
      return RecipeNaming(
        kind: .deviceTree(parts), address: address, text: line.words.dropFirst(3).first)
    default: throw line.error("'\(line.words[0])' is unknown")
    }
  }

  func decoy(_ line: RecipeLine) throws(RecipeError) -> RecipeDecoy {
    let kind = try line.choice(0, of: RecipeDecoy.Kind.self)
    var decoy = RecipeDecoy(kind: kind, address: try line.address(1))
    for (name, text) in try line.options(from: 2, ["tree", "backup", "names", "note"]) {
      let value = try line.value(text)
      switch name {
      case "tree": decoy.tree = value
      case "backup": decoy.backup = value
      case "note": decoy.note = value
      default: decoy.names = value
      }
    }
    return decoy
  }
}
