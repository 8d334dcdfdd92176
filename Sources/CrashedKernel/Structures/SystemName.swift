package import Bytes
package import DumpRecords

/// What a kernel calls itself in its own memory: `init_uts_ns`, which `uname` prints.
package struct SystemName: Equatable, Sendable {
  /// Physical address of the six texts.
  package let address: UInt64
  /// The six texts.
  package let names: UTSName

  package var release: String { names.release }
  package var machine: String { names.machine }

  /// Reads the names through `SYMBOL(init_uts_ns)`; nil where the keys are missing, the image
  /// lacks the place, or no text stands there.
  package init?(_ information: VMCoreInfo, in memory: VirtualMemory) throws(ReadError) {
    guard let symbol = information.symbol("init_uts_ns") else { return nil }
    for offset in SystemName.offsets(information) {
      let place = symbol &+ offset
      guard case .at(let physical, _) = try memory.translate(place),
        let bytes = try memory.read(at: place, count: UTSName.size).value,
        let names = SystemName.names(in: bytes, memory.order)
      else { continue }
      address = physical
      self.names = names
      return
    }
    return nil
  }

  /// Where `struct uts_namespace` has the names. Kernels before 5.11 do not say it: a `struct kref`
  /// stands before them (`include/linux/utsname.h`).
  static func offsets(_ information: VMCoreInfo) -> [UInt64] {
    information.decimal("OFFSET(uts_namespace.name)").map { [$0] } ?? [0, 4]
  }

  /// The six texts, where they are some.
  static func names(in bytes: [UInt8], _ order: ByteOrder) -> UTSName? {
    var reader = ByteReader(bytes, order: order)
    guard let names = try? UTSName(from: &reader), !names.release.isEmpty,
      [names.release, names.version, names.machine].allSatisfy(isText)
    else { return nil }
    return names
  }

  private static func isText(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x20..<0x7f).contains($0) }
  }
}
