package import Bytes

/// An opened file, as the formats see it: perhaps unflattened, perhaps with further files of a set.
package struct ImageInput: Sendable {
  /// The bytes.
  package var source: any ByteSource
  /// The files behind them: an output must be none of them.
  package var files: [FileIdentity]
  /// What of them cannot be read.
  package var unreadable: [UnreadableParts]
  /// What may be done with it.
  package var budget: Budget
  /// Whether a flattened file was put together on the way: only a dump can come of that.
  package var isUnflattened = false
  /// What was packed around it, from the outside in.
  package var wrappings: [String] = []
  /// What was seen on the way.
  package var warnings: [Finding] = []
  /// What was done to read it at all.
  package var notices: [String] = []
  /// What reading shows of what is packed around it.
  var damage: PageDamage?
  /// The other files of a split set (`--part`).
  package var parts: [ImageInput] = []

  /// Where the file lies, for others to be found beside it; nil where it has no name.
  package var path: String?
  /// The file that was asked for, where another one of its set is read first.
  package var givenName: String?

  /// What messages call it.
  package var name: String { givenName ?? source.name }

  /// A file as it is.
  package init(_ source: FileSource) {
    self.source = source
    files = [source.identity]
    unreadable = [source.unreadable]
    source.unreadable.endure()
    budget = Budget(source.name, stored: source.stored)
    path = source.name
  }

  /// Bytes that are in no file.
  package init(_ source: some ByteSource) {
    self.source = source
    files = []
    unreadable = []
    budget = Budget(source.name, stored: source.size)
  }

  /// Gives all files of a set one budget for what they store together.
  mutating func share(_ isCancelled: @escaping @Sendable () -> Bool) {
    let stored = parts.reduce(budget.stored) { $0 &+ $1.budget.stored }
    budget = Budget(name, stored: stored, isCancelled: isCancelled)
    for index in parts.indices { parts[index].budget = budget }
  }

  /// The first bytes, as far as recognition looks.
  func head() throws(ImageError) -> [UInt8] {
    let head = try rethrow(
      as: ImageError.init(reading:), source.bytes(at: 0, count: ImageFormat.headSize))
    let whole = 0..<UInt64(head.count)
    guard whole.isEmpty || source.firstUnreadable(in: whole) != whole else {
      throw ImageError(
        reading: ReadError(
          source: name, offset: 0, reason: "the first \(head.count) bytes cannot be read"))
    }
    return head
  }
}
