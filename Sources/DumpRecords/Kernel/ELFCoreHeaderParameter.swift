internal import Bytes

/// `elfcorehdr=[size[KMG]@]offset[KMG]` of the kernel command line.
/// Source: `kernel/crash_dump.c` (`setup_elfcorehdr`), `lib/cmdline.c` (`memparse`).
package struct ELFCoreHeaderParameter: Equatable, Sendable {
  /// Physical address of the ELF core header.
  package var address: UInt64
  /// Size of its reserved region, where it was given.
  package var size: UInt64?

  /// A place, and a size where one is known.
  package init(address: UInt64, size: UInt64? = nil) {
    self.address = address
    self.size = size
  }

  /// Reads the value of one parameter; nil where it holds no number.
  package init?(_ text: Substring) {
    guard let first = MemoryNumber(text) else { return nil }
    if first.rest.first == "@" {
      guard let second = MemoryNumber(first.rest.dropFirst()) else { return nil }
      address = second.value
      size = first.value
    } else {
      address = first.value
      size = nil
    }
  }

  /// The last `elfcorehdr=` of a command line wins for the address; a size given earlier stays.
  package init?(commandLine: String) {
    var found: ELFCoreHeaderParameter?
    for next in ELFCoreHeaderParameter.all(in: commandLine) {
      found = ELFCoreHeaderParameter(address: next.address, size: next.size ?? found?.size)
    }
    guard let found else { return nil }
    self = found
  }

  /// Every `elfcorehdr=` of a command line that holds a number, in order.
  package static func all(in commandLine: String) -> [ELFCoreHeaderParameter] {
    let name = "elfcorehdr="
    return parameters(in: commandLine).filter { $0.hasPrefix(name) }
      .compactMap { ELFCoreHeaderParameter(unquoted($0.dropFirst(name.count))) }
  }

  /// The words of a command line as the kernel takes it apart (`lib/cmdline.c`, `next_arg`): blanks
  /// between quotes part nothing, quotes around all of a word are no part of it, and what stands
  /// behind `--` is for init.
  private static func parameters(in commandLine: String) -> [Substring] {
    var words: [Substring] = []
    var rest = commandLine.prefix { $0 != "\0" }
    while true {
      rest = rest.drop { $0.isWhitespace }
      guard !rest.isEmpty else { return words }
      var isQuoted = false
      let word = rest.prefix { character in
        if character == "\"" { isQuoted.toggle() }
        return isQuoted || !character.isWhitespace
      }
      rest = rest.dropFirst(word.count)
      if word == "--" { return words }
      words.append(unquoted(word))
    }
  }

  private static func unquoted(_ word: Substring) -> Substring {
    guard word.first == "\"" else { return word }
    let inside = word.dropFirst()
    return inside.last == "\"" ? inside.dropLast() : inside
  }

  /// `0x1000@0x16f5b000`, as the kernel reads it.
  package var text: String {
    size.map { "\($0.hex)@\(address.hex)" } ?? address.hex
  }
}
