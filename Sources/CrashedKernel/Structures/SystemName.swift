package import Bytes
package import DumpRecords
package import MemoryImages

/// `struct new_utsname` of the crashed kernel: what `uname` printed
/// (`include/uapi/linux/utsname.h`: six texts of 65 bytes).
package struct SystemName: Equatable, Sendable {
  /// Physical address of the structure.
  package let address: UInt64
  package let release: String
  package let version: String
  package let machine: String

  private static let fieldSize = 65

  /// Reads the names through `SYMBOL(init_uts_ns)`; nil where the keys are missing, the image
  /// lacks the place, or no text stands there.
  package init?(
    in memory: PhysicalMemory, _ information: VMCoreInfo, _ translation: AddressTranslation
  ) throws(ReadError) {
    guard let symbol = information.symbol("init_uts_ns"),
      let place = translation.physical(
        symbol &+ (information.decimal("OFFSET(uts_namespace.name)") ?? 0)),
      let bytes = try memory.bytes(at: place, count: 6 * SystemName.fieldSize)
    else { return nil }
    let texts = (0..<6).map { index in
      let start = index * SystemName.fieldSize
      return bytes[start..<start + SystemName.fieldSize].prefix { $0 != 0 }
    }
    guard texts[2...4].allSatisfy({ $0.allSatisfy { (0x20..<0x7f).contains($0) } }),
      !texts[2].isEmpty
    else { return nil }
    address = place
    release = String(decoding: texts[2], as: UTF8.self)
    version = String(decoding: texts[3], as: UTF8.self)
    machine = String(decoding: texts[4], as: UTF8.self)
  }

  /// Whether `machine` is how a kernel of an architecture calls itself.
  package func isMachine(of architecture: Architecture) -> Bool {
    switch architecture.name {
    case "i386": machine.hasPrefix("i") && machine.hasSuffix("86")
    case "arm": machine.hasPrefix("armv")
    case "mips", "mipsel": machine == "mips"
    case "mips64", "mips64el": machine == "mips64"
    default: machine == architecture.name
    }
  }
}
