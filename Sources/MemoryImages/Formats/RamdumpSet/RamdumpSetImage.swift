internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// Parts of a phone's or board's memory in files of their own, which a list names with their
  /// addresses: `dump_info.txt` of Qualcomm, or a debugger's script that loads them.
  package static let ramdumpSet = ImageFormat(
    name: "RAM dump set", accepts: .parts, recognizes: RamdumpList.recognizes,
    open: RamdumpSetImage.open)
}

enum RamdumpSetImage {
  static let sets = [
    FileSet(
      format: .ramdumpSet,
      descriptions: { RamdumpList.isMemory($0) ? ["dump_info.txt", "load.cmm"] : [] })
  ]
  /// Files of a list at most.
  private static let mostFiles = 1024

  static func open(
    _ input: ImageInput, _ options: ImageOptions
  ) throws(ImageError) -> MemoryImage {
    let bytes = try rethrow(
      as: ImageError.init(reading:), input.source.bytes(at: 0, count: RamdumpList.largest))
    let entries = RamdumpList.entries(of: bytes)
    guard let path = input.path, (1...mostFiles).contains(entries.count) else {
      throw ImageError(
        .unusable,
        "\(input.name): names \(entries.count) files of memory (DDR…, EBI…, or all that a script "
          + "loads), expected 1 to \(mostFiles), beside a file with a name")
    }
    var regions: [MemoryRegion] = []
    var held = RangeSet([])
    var warnings: [Finding] = []
    var all = input
    all.parts = []
    for entry in entries {
      let place = FilePlace(path).beside(entry.file)
      // Where names are alike in small and large letters, a list may have others than the files.
      let names = [entry.file, entry.file.lowercased(), entry.file.uppercased()]
      var found: ImageInput?
      for name in names where found == nil {
        found = try ImageInput.existing(at: FilePlace(path).beside(name), options)
      }
      guard let file = found else {
        warnings.append(
          Finding(
            "\(input.source.name): the memory at \(entry.address.hex) is in \(place), which is not "
              + "there", isPartial: true))
        continue
      }
      all.parts.append(file)
      var ranges = StoredRanges(in: file.source)
      let length = entry.length ?? file.source.size
      guard ranges.add(at: entry.address, length: length, offset: 0) else {
        throw ImageError(
          .unusable,
          "\(input.source.name): \(entry.file) at \(entry.address.hex) with \(length.hex) bytes "
            + "is no range of memory")
      }
      let parts = ranges.memory.regions.map(\.range)
      let new = RangeSet(parts).subtracting(held).ranges
      regions += new.flatMap { ranges.memory.regions(in: $0, movedTo: $0.lowerBound) }
      if new != parts {
        warnings.append(
          Finding(
            "\(input.source.name): a part of the memory of \(entry.file) at "
              + "\(entry.address.hex) is in another file, too, which the list names before: that "
              + "one counts", isDamage: false))
      }
      held = held.union(RangeSet(parts))
      warnings += ranges.warnings
    }
    guard !regions.isEmpty else {
      throw ImageError(
        .unusable, "\(input.source.name): none of the \(entries.count) files that it names is there"
      )
    }
    all.share(options.isCancelled)
    do throws(OverlappingRegions) {
      return MemoryImage(
        of: all, as: .ramdumpSet, memory: try PhysicalMemory(regions: regions),
        warnings: warnings)
    } catch {
      throw ImageError(.unusable, "\(input.source.name): two of its files hold the same memory")
    }
  }
}

/// The lines of a list that tell of memory.
enum RamdumpList {
  /// Bytes of a list that are read.
  static let largest = 1 << 20

  /// One file.
  struct Entry: Equatable {
    var file: String
    var address: UInt64
    /// nil: all of the file.
    var length: UInt64?
  }

  /// Whether a file of that name is memory: others hold registers, or memory of small processors.
  static func isMemory(_ name: String) -> Bool {
    let name = name.uppercased()
    return name.hasPrefix("DDR") || name.hasPrefix("EBI")
  }

  static func recognizes(_ head: [UInt8]) -> Bool {
    let part = head.prefix(4096)
    guard !part.isEmpty, part.allSatisfy({ $0 >= 0x20 || (0x09...0x0d).contains($0) }) else {
      return false
    }
    return !entries(of: head).isEmpty
  }

  /// All files of memory, in the order of the list.
  static func entries(of bytes: [UInt8]) -> [Entry] {
    let entries = bytes.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }).compactMap { line in
      let words = String(decoding: line, as: UTF8.self)
        .split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
      return script(words) ?? table(words)
    }
    // Where some are named as memory, the others are something else.
    let named = entries.filter { isMemory($0.file) }
    return named.isEmpty ? entries : named
  }

  /// `1 0x80000000 2147483648 "DDR CS0 part0 Memory" DDRCS0_0.BIN`: preferred, base, length, words,
  /// file.
  private static func table(_ words: [String]) -> Entry? {
    guard words.count >= 4, words[0] == "1", words[1].lowercased().hasPrefix("0x"),
      let address = UInt64(words[1].dropFirst(2), radix: 16), let length = UInt64(words[2]),
      length > 0, let file = words.last(where: { isMemory($0) && $0.contains(".") })
    else { return nil }
    return Entry(file: name(of: file), address: address, length: length)
  }

  /// `d.load.binary DDRCS0_0.BIN 0x80000000 /noclear`, perhaps behind `if OS.FILE(…)`; the address
  /// may be a range `START--END` or `START++LENGTH-1`, or have a class of access before it.
  private static func script(_ words: [String]) -> Entry? {
    let commands = ["d.load.binary", "data.load.binary", "d.load.b", "data.load.b"]
    guard let index = words.firstIndex(where: { commands.contains($0.lowercased()) }),
      words.count > index + 2
    else { return nil }
    let file = name(of: words[index + 1])
    guard !file.isEmpty, let (address, length) = range(words[index + 2]) else { return nil }
    return Entry(file: file, address: address, length: length)
  }

  private static func range(_ text: String) -> (UInt64, UInt64?)? {
    let place = text.drop { $0 != ":" }.isEmpty ? text[...] : text.drop { $0 != ":" }.dropFirst()
    for (mark, isLength) in [("--", false), ("++", true)] {
      let parts = pieces(of: place, by: mark)
      guard parts.count == 2, let start = number(parts[0]), let end = number(parts[1]) else {
        continue
      }
      if isLength { return end < .max ? (start, end + 1) : nil }
      return end >= start && end - start < .max ? (start, end - start + 1) : nil
    }
    return number(place).map { ($0, nil) }
  }

  private static func pieces(of text: Substring, by mark: String) -> [Substring] {
    var index = text.startIndex
    while index < text.endIndex {
      if text[index...].hasPrefix(mark) {
        return [text[..<index], text[text.index(index, offsetBy: mark.count)...]]
      }
      index = text.index(after: index)
    }
    return [text]
  }

  private static func number(_ text: Substring) -> UInt64? {
    let isPrefixed = text.lowercased().hasPrefix("0x")
    return UInt64(isPrefixed ? text.dropFirst(2) : text, radix: 16)
  }

  /// The name alone: a script may have quotes, a variable, a directory before it.
  private static func name(of word: String) -> String {
    let word = word.filter { $0 != "\"" && $0 != "'" }
    return String(word.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? "")
  }
}
