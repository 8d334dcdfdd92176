/// A kernel's symbol table as `scripts/kallsyms` lays it out, for tests: every name is written
/// with tokens, of which a few stand for more than one letter.
package struct KernelSymbolsModel {
  /// How the addresses are written.
  package enum Form: String, Sendable, Equatable {
    /// `kallsyms_offsets` from `kallsyms_relative_base`.
    case base
    /// The same with absolute per-CPU symbols.
    case percpu
    /// Each offset from its own place.
    case place
    /// `kallsyms_addresses`.
    case words
  }

  /// Offsets of the parts from the start of the table.
  package enum Part {
    package static let count: UInt64 = 0
    package static let base: UInt64 = 8
    package static let addresses: UInt64 = 0x100
    package static let names: UInt64 = 0x1000
    package static let tokens: UInt64 = 0x3000
    package static let index: UInt64 = 0x4000
    package static let variable: UInt64 = 0x4800
  }

  /// Bytes that the whole table takes, with room for one variable at its end.
  package static let size = 0x4900

  /// Names and addresses, in order.
  package var symbols: [(name: String, address: UInt64)]
  package var form: Form
  /// Virtual address of the table.
  package var start: UInt64
  package var order: RecipeOrder
  package var wordSize: Int

  /// A table from its parts.
  package init(
    _ symbols: [(name: String, address: UInt64)], form: Form, at start: UInt64,
    order: RecipeOrder, wordSize: Int
  ) {
    self.symbols = symbols
    self.form = form
    self.start = start
    self.order = order
    self.wordSize = wordSize
  }

  /// Letters that two tokens stand for; the others stand for themselves.
  private static let long: [(token: UInt8, text: String)] = [(1, "kexec_"), (2, "_crash")]

  /// The lines of vmcoreinfo that lead to the table.
  package var information: [String] {
    func line(_ name: String, _ part: UInt64) -> String {
      "SYMBOL(\(name))=\(String(start + part, radix: 16))"
    }
    let usual = [
      line("kallsyms_names", Part.names), line("kallsyms_num_syms", Part.count),
      line("kallsyms_token_table", Part.tokens), line("kallsyms_token_index", Part.index),
    ]
    switch form {
    case .words: return usual + [line("kallsyms_addresses", Part.addresses)]
    case .place: return usual + [line("kallsyms_offsets", Part.addresses)]
    case .base, .percpu:
      return usual + [
        line("kallsyms_offsets", Part.addresses), line("kallsyms_relative_base", Part.base),
      ]
    }
  }

  /// The bytes of the table.
  package func bytes() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.size)
    func put(_ new: [UInt8], at offset: UInt64) {
      bytes.replaceSubrange(Int(offset)..<Int(offset) + new.count, with: new)
    }
    put(order.bytes(UInt64(symbols.count), width: 4), at: Part.count)
    let base = symbols.map(\.address).filter { $0 >= 1 << 31 }.min() ?? 0
    if form == .base || form == .percpu { put(order.bytes(base, width: wordSize), at: Part.base) }
    for (index, symbol) in symbols.enumerated() {
      let width = form == .words ? wordSize : 4
      let place = Part.addresses + UInt64(index * width)
      put(order.bytes(value(symbol.address, at: place, base), width: width), at: place)
    }
    put(symbols.flatMap { Self.encoded($0.name) }, at: Part.names)
    var text: [UInt8] = []
    for token in 0..<256 {
      put(order.bytes(UInt64(text.count), width: 2), at: Part.index + UInt64(2 * token))
      let long = Self.long.first { $0.token == UInt8(token) }?.text
      text += long.map { Array($0.utf8) } ?? (token >= 0x20 ? [UInt8(token)] : [])
      text.append(0)
    }
    put(text, at: Part.tokens)
    return bytes
  }

  private func value(_ address: UInt64, at place: UInt64, _ base: UInt64) -> UInt64 {
    switch form {
    case .words: address
    case .base: address &- base
    case .percpu: address < 1 << 31 ? address : base &- 1 &- address
    case .place: address &- (start + place)
    }
  }

  /// A length, and a token for each piece of the name behind the letter of its type. Lengths
  /// of 128 and more take two bytes.
  static func encoded(_ name: String) -> [UInt8] {
    var rest = Substring("D" + name)
    var tokens: [UInt8] = []
    while let letter = rest.utf8.first {
      if let (token, text) = long.first(where: { rest.hasPrefix($0.text) }) {
        tokens.append(token)
        rest = rest.dropFirst(text.count)
      } else {
        tokens.append(letter)
        rest = rest.dropFirst()
      }
    }
    let count = tokens.count
    return (count < 128 ? [UInt8(count)] : [UInt8(count & 0x7f | 0x80), UInt8(count >> 7)])
      + tokens
  }
}
