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
    let place = symbol &+ (information.decimal("OFFSET(uts_namespace.name)") ?? 0)
    guard case .at(let physical, _) = try memory.translate(place),
      let bytes = try memory.read(at: place, count: UTSName.size).value
    else { return nil }
    var reader = ByteReader(bytes, order: memory.order)
    guard let names = try? UTSName(from: &reader), !names.release.isEmpty,
      [names.release, names.version, names.machine].allSatisfy(SystemName.isText)
    else { return nil }
    address = physical
    self.names = names
  }

  private static func isText(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x20..<0x7f).contains($0) }
  }
}
