package import Bytes
internal import DumpRecords
internal import MemoryImages

/// What memory says of the kernel that a vmcoreinfo describes (rule R9).
package enum KernelPresence: Equatable, Sendable {
  /// It lies where vmcoreinfo says: its name is at that physical address.
  case confirmed(at: UInt64)
  /// Something else is at that physical address, in words.
  case contradicted(at: UInt64, String)
  /// The image lacks the place, or nothing tells where it is.
  case unknown

  /// Whether the kernel is where vmcoreinfo says.
  package var isConfirmed: Bool { if case .confirmed = self { true } else { false } }
}

extension Kernel {
  /// Bytes from `init_uts_ns` on of which some must be the kernel's release, wherever a kernel has
  /// its name in them (`__randomize_layout`).
  private static let nameReach = 1024

  /// Whether the kernel is in memory. What is there and differs contradicts; what is not there
  /// proves nothing.
  package func presence() throws(ReadError) -> KernelPresence {
    if let name = try confirmedName() { return .confirmed(at: name.address) }
    guard let release = information.release, !release.isEmpty,
      let symbol = information.symbol("init_uts_ns"),
      case .at(let start, _) = try image.translate(symbol)
    else { return .unknown }
    let offsets = SystemName.offsets(information)
    let place = start &+ (offsets.first ?? 0)
    let (bytes, present) = try physicalMemory.paddedBytes(at: start, count: Kernel.nameReach)
    if bytes.split(separator: 0).contains(where: { $0.elementsEqual(release.utf8) }) {
      return .confirmed(at: place)
    }
    let name = offsets.lazy.compactMap {
      SystemName.names(in: Array(bytes.dropFirst(Int(clamping: $0))), self.order)
    }.first
    // What of it the image lacks, or has lost, may be the name.
    if name == nil,
      present < bytes.count
        || physicalMemory.lacksBytes(of: start..<start + UInt64(bytes.count))
    {
      return .unknown
    }
    let found =
      if let name {
        "says \(name.release)"
      } else {
        bytes.allSatisfy { $0 == 0 } ? "is empty" : "holds no name of a kernel"
      }
    return .contradicted(
      at: place, "init_uts_ns at \(start.hex) \(found), vmcoreinfo says \(release)")
  }
}
