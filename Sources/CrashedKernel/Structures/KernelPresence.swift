package import Bytes
internal import DumpRecords
internal import MemoryImages

/// What memory says of the kernel that a vmcoreinfo describes (rule R9).
package enum KernelPresence: Equatable, Sendable {
  /// It lies where vmcoreinfo says.
  case confirmed
  /// Something else lies there, in words.
  case contradicted(String)
  /// The image lacks the place, or nothing tells where it is.
  case unknown
}

extension Kernel {
  /// Bytes from `init_uts_ns` on of which some must be the kernel's release, wherever a kernel has
  /// its name in them (`__randomize_layout`).
  private static let nameReach = 1024

  /// Whether the kernel is in memory. What is there and differs contradicts; what is not there
  /// proves nothing.
  package func presence() throws(ReadError) -> KernelPresence {
    if try confirmedName() != nil { return .confirmed }
    guard let release = information.release, !release.isEmpty,
      let symbol = information.symbol("init_uts_ns"), let offset = imageOffset,
      let bytes = try physicalMemory.bytes(at: symbol &- offset, count: Kernel.nameReach)
    else { return .unknown }
    if bytes.split(separator: 0).contains(where: { $0.elementsEqual(release.utf8) }) {
      return .confirmed
    }
    let name = SystemName.offsets(information).lazy.compactMap {
      SystemName.names(in: Array(bytes.dropFirst(Int(clamping: $0))), self.order)
    }.first
    let found =
      if let name {
        "says \(name.release)"
      } else {
        bytes.allSatisfy { $0 == 0 } ? "is empty" : "holds no name of a kernel"
      }
    return .contradicted(
      "init_uts_ns at \((symbol &- offset).hex) \(found), vmcoreinfo says \(release)")
  }
}
