internal import Bytes
internal import DumpRecords

/// The names of a kernel's symbols: each is a row of bytes that stand for tokens, and begins with
/// the letter of the symbol's type. Source: `kallsyms_expand_symbol`, `kernel/kallsyms.c`.
struct KernelSymbolNames: Sendable {
  /// Number of names.
  let count: Int
  /// `kallsyms_names`: a length and that many tokens for each symbol.
  private let names: [UInt8]
  /// What each of the 256 bytes stands for.
  private let tokens: [[UInt8]]

  /// Longest table of names that is read; real ones have 3 MB.
  private static let largestNames: UInt64 = 16 << 20
  /// Longest table of tokens: its places are 16-bit numbers.
  private static let largestTokens: UInt64 = 1 << 16
  /// Longest token that is believed (`KSYM_NAME_LEN`).
  private static let longestToken = 512

  /// A table from its parts.
  init(count: Int, names: [UInt8], tokens: [[UInt8]]) {
    self.count = count
    self.names = names
    self.tokens = tokens
  }

  /// Reads names and tokens; nil where the image lacks them or they cannot be right.
  init?(
    _ memory: VirtualMemory, _ information: VMCoreInfo, count: Int
  ) throws(ReadError) {
    guard let start = information.symbol("kallsyms_names"),
      let table = information.symbol("kallsyms_token_table"),
      let index = information.symbol("kallsyms_token_index"), start < table, table < index,
      table - start <= KernelSymbolNames.largestNames,
      index - table <= KernelSymbolNames.largestTokens,
      UInt64(count) <= table - start,
      let names = try memory.read(at: start, count: Int(table - start)).value,
      let text = try memory.read(at: table, count: Int(index - table)).value,
      let places = try memory.read(at: index, count: 512).value
    else { return nil }
    let reader = ByteReader(places, order: memory.order)
    var tokens: [[UInt8]] = []
    for byte in 0..<256 {
      guard let place = try? reader.peek(at: 2 * byte, UInt16.self), Int(place) < text.count
      else { return nil }
      let token = text[Int(place)...].prefix(KernelSymbolNames.longestToken).prefix { $0 != 0 }
      tokens.append(Array(token))
    }
    self.init(count: count, names: names, tokens: tokens)
  }

  /// The places of several names in the table: of each the first one.
  func indices(of wanted: [String]) -> [String: Int] {
    var left: [Int: [[UInt8]]] = [:]
    for name in Set(wanted) {
      let bytes = Array(name.utf8)
      // The letter of the type stands before the name.
      left[bytes.count + 1, default: []].append(bytes)
    }
    let lengths = tokens.map(\.count)
    var result: [String: Int] = [:]
    var position = 0
    for index in 0..<count {
      guard let tokens = next(&position) else { break }
      var length = 0
      for place in tokens { length &+= lengths[Int(names[place])] }
      guard let candidates = left[length], !candidates.isEmpty else { continue }
      let name = expand(tokens).dropFirst()
      for candidate in candidates where name.elementsEqual(candidate) {
        result[String(decoding: candidate, as: UTF8.self)] = index
        left[length]?.removeAll { $0 == candidate }
      }
      if result.count == Set(wanted).count { break }
    }
    return result
  }

  /// Moves over one name; its tokens, or nil where the table ends. Since Linux 6.1 a length of
  /// 128 and more has its upper bits in a second byte.
  private func next(_ position: inout Int) -> Range<Int>? {
    guard position < names.count else { return nil }
    var length = Int(names[position])
    position += 1
    if length & 0x80 != 0 {
      guard position < names.count else { return nil }
      length = length & 0x7f | Int(names[position]) << 7
      position += 1
    }
    guard length <= names.count - position else { return nil }
    defer { position += length }
    return position..<position + length
  }

  private func expand(_ range: Range<Int>) -> [UInt8] {
    range.flatMap { tokens[Int(names[$0])] }
  }
}
