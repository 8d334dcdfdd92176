internal import Bytes
internal import DumpRecords
internal import MemoryImages

/// The names of a kernel's symbols: each is a row of bytes that stand for tokens, and begins with
/// the letter of the symbol's type. Source: `kallsyms_expand_symbol`, `kernel/kallsyms.c`.
///
/// The names themselves stay in the image: a walk reads them piece by piece.
struct KernelSymbolNames: Sendable {
  /// Number of names.
  let count: Int
  /// `kallsyms_names`: a length and that many tokens for each symbol.
  private let names: Range<UInt64>
  /// What each of the 256 bytes stands for.
  private let tokens: [[UInt8]]
  private let memory: VirtualMemory

  /// Longest table of names that is read; real ones have 3 MB.
  private static let largestNames: UInt64 = 16 << 20
  /// Longest table of tokens: its places are 16-bit numbers.
  private static let largestTokens: UInt64 = 1 << 16
  /// Longest token that is believed (`KSYM_NAME_LEN`).
  private static let longestToken = 512

  /// Reads the tokens; nil where the image lacks them, or they cannot be right.
  init?(
    _ memory: VirtualMemory, _ information: VMCoreInfo, count: Int
  ) throws(ReadError) {
    guard let start = information.symbol("kallsyms_names"),
      let table = information.symbol("kallsyms_token_table"),
      let index = information.symbol("kallsyms_token_index"), start < table, table < index,
      table - start <= KernelSymbolNames.largestNames,
      index - table <= KernelSymbolNames.largestTokens,
      UInt64(count) <= table - start,
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
    self.count = count
    self.tokens = tokens
    self.memory = memory
    names = start..<table
  }

  /// The places of several names in the table, of each the first one; nil where the image lacks a
  /// part of it that had to be read.
  func indices(of wanted: Set<String>) throws(ReadError) -> [String: Int]? {
    // By their lengths; the letter of the type stands before the name.
    var left = [[[UInt8]]](repeating: [], count: KernelSymbolNames.longestToken)
    for name in wanted where name.utf8.count + 1 < left.count {
      left[name.utf8.count + 1].append(Array(name.utf8))
    }
    let lengths = tokens.map(\.count)
    var result: [String: Int] = [:]
    var window = NameWindow(memory, names)
    for index in 0..<count where result.count < wanted.count {
      guard let name = try window.next() else { break }
      var length = 0
      for token in name { length &+= lengths[Int(token)] }
      guard length < left.count, !left[length].isEmpty else { continue }
      for (number, candidate) in left[length].enumerated() where isSpelt(candidate, by: name) {
        result[String(decoding: candidate, as: UTF8.self)] = index
        left[length].remove(at: number)
        break
      }
    }
    return window.isCut ? nil : result
  }

  /// Whether tokens of the right length stand for a name behind the letter of its type.
  private func isSpelt(_ name: [UInt8], by row: ArraySlice<UInt8>) -> Bool {
    var place = -1
    for token in row {
      for byte in tokens[Int(token)] {
        if place >= 0, name[place] != byte { return false }
        place += 1
      }
    }
    return true
  }
}

/// The table of names from its start to its end, by pieces that are each read once.
private struct NameWindow {
  private let memory: VirtualMemory
  /// What has not been read yet.
  private var rest: Range<UInt64>
  private var bytes: [UInt8] = []
  private var position = 0
  /// Whether the image lacks a part of the table.
  private(set) var isCut = false

  private static let pieceSize: UInt64 = 1 << 16
  /// Bytes of names that cost as much as one record.
  private static let bytesInRecord: UInt64 = 8
  /// A length of two bytes, and the tokens that it counts.
  private static let longestName = 2 + 0x7fff

  init(_ memory: VirtualMemory, _ range: Range<UInt64>) {
    self.memory = memory
    rest = range
  }

  /// The tokens of the next name, or nil where the table ends. Since Linux 6.1 a length of 128 and
  /// more has its upper bits in a second byte.
  mutating func next() throws(ReadError) -> ArraySlice<UInt8>? {
    if bytes.count - position < NameWindow.longestName { try fill() }
    guard position < bytes.count else { return nil }
    var length = Int(bytes[position])
    var start = position + 1
    if length & 0x80 != 0 {
      guard start < bytes.count else { return nil }
      length = length & 0x7f | Int(bytes[start]) << 7
      start += 1
    }
    // A name has a token at least, for the letter of its type.
    guard length > 0, length <= bytes.count - start else { return nil }
    position = start + length
    return bytes[start..<position]
  }

  private mutating func fill() throws(ReadError) {
    guard !rest.isEmpty, !isCut else { return }
    let count = min(rest.length, NameWindow.pieceSize)
    try memory.memory.budget?.spend(
      count / NameWindow.bytesInRecord, .parsing, on: "the names of the kernel's symbols")
    guard let piece = try memory.read(at: rest.lowerBound, count: Int(count)).value else {
      isCut = true
      return
    }
    bytes = Array(bytes[position...]) + piece
    position = 0
    rest = rest.lowerBound + count..<rest.upperBound
  }
}
