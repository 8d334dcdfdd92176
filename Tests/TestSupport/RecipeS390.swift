/// What an s390x kernel of a recipe leaves at its fixed places for the second one.
package struct RecipeS390: Sendable, Equatable {
  /// Where the kernel says that its vmcoreinfo is.
  package enum Information: String, Sendable, Equatable {
    /// The note at lowcore 0xe0c.
    case lowcore
    /// The text at os_info entry 0, and nothing in the lowcore.
    case osInfo = "os-info"
    /// Entry 0 with a wrong checksum, and the note at lowcore 0xe0c.
    case damagedEntry = "damaged-entry"
    /// An early KASLR offset in the lowcore.
    case odd
    case none
  }

  /// A block that says what to start from.
  package struct Block: Sendable, Equatable {
    /// What names it.
    package enum Place: String, Sendable, Equatable {
      case osInfo = "os-info"
      /// 0xe00, with a checksum at 0xe08.
      case lowcore
      /// 0x14.
      case lastIPL = "ipl"
    }

    package var place: Place
    package var address: UInt64
    package var bytes: [UInt8]
  }

  /// Address of the os_info page; nil: there is none.
  package var osInfo: UInt64? = 0x20000
  /// Address of the first CPU's lowcore; the others follow, 8 KiB apart.
  package var lowcores: UInt64 = 0x30000
  /// Address of `lowcore_ptr`.
  package var list: UInt64 = 0x28000
  /// The CPU that crashed.
  package var boot = 0
  /// CPUs whose lowcore has no saved prefix.
  package var unsaved: [Int] = []
  /// Address of the first CPU's vector registers, 1 KiB apart; nil: the machine has none.
  package var vectors: UInt64?
  package var information = Information.lowcore
  /// Values of os_info's entries, by number.
  package var values: [Int: UInt64] = [:]
  package var blocks: [Block] = []
  /// Address and release of the second kernel's own vmcoreinfo, as it addresses it.
  package var second: (address: UInt64, release: String)?

  /// Equal where everything is.
  package static func == (left: RecipeS390, right: RecipeS390) -> Bool {
    left.osInfo == right.osInfo && left.lowcores == right.lowcores && left.list == right.list
      && left.boot == right.boot && left.unsaved == right.unsaved
      && left.vectors == right.vectors && left.information == right.information
      && left.values == right.values && left.blocks == right.blocks
      && left.second?.address == right.second?.address
      && left.second?.release == right.second?.release
  }
}

extension RecipeParser {
  /// Reads what stands behind `s390`.
  static func read(_ line: RecipeLine, into s390: inout RecipeS390) throws(RecipeError) {
    switch try line.word(0, "what is described") {
    case "os-info": s390.osInfo = line.words.last == "none" ? nil : try line.address(1)
    case "lowcores": s390.lowcores = try line.address(1)
    case "list": s390.list = try line.address(1)
    case "boot": s390.boot = try line.count(1, "a CPU")
    case "unsaved": s390.unsaved.append(try line.count(1, "a CPU"))
    case "vectors": s390.vectors = try line.address(1)
    case "vmcoreinfo":
      s390.information = try line.choice(1, of: RecipeS390.Information.self)
    case "value": s390.values[try line.count(1, "an entry")] = try line.address(2, "a value")
    case "block":
      s390.blocks.append(
        .init(
          place: try line.choice(1, of: RecipeS390.Block.Place.self),
          address: try line.address(2),
          bytes: try line.hexBytes(line.words.dropFirst(3).joined())))
    case "second":
      s390.second = (try line.address(1), try line.word(2, "a release"))
    default: throw line.error("'\(line.words[0])' is unknown")
    }
  }
}
