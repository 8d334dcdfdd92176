internal import Bytes
package import DumpRecords
internal import MemoryImages

/// The Linux that ran as Xen's dom0. The core header has the hypervisor's vmcoreinfo alone, which
/// tells no release of a Linux kernel; dom0's own note stands somewhere in memory.
package struct DomainZero: Equatable, Sendable {
  /// Physical address of its VMCOREINFO note.
  package let address: UInt64
  /// Its text.
  package let information: VMCoreInfo

  /// Notes that are looked at: an image of page cache can hold many copies.
  private static let limit = 64

  /// The best sound note outside the memory of the second kernel: one with a CRASHTIME, then the
  /// first that begins a page. Where that kernel lies cannot be told: what it takes for physical
  /// addresses are none of the machine.
  init?(
    beside candidate: CandidateExamination, _ evidence: Evidence, in view: ImageView
  ) throws(ReadError) {
    guard candidate.vmCoreInfo?.type == .vmCoreInfoXen else { return nil }
    let region = candidate.header.crashRegion(around: candidate.address, end: .max)
    var found: [DomainZero] = []
    for place in evidence.scan.hits(of: .vmCoreInfoNote).addresses.prefix(DomainZero.limit) {
      guard let address = view.address(ofScanned: place), !region.contains(address) else {
        continue
      }
      guard let head = try InformationNote(at: address, in: view.memory),
        head.order == candidate.header.order, let text = try head.text(in: view.memory)
      else { continue }
      let information = try evidence.informations.information(
        text, scannedAt: place, view.memory.budget)
      if information.fault == nil {
        found.append(DomainZero(address: address, information: information))
      }
    }
    let best = found.max { ($0.rank, $1.address) < ($1.rank, $0.address) }
    guard let best else { return nil }
    self = best
  }

  private init(address: UInt64, information: VMCoreInfo) {
    self.address = address
    self.information = information
  }

  private var rank: Int {
    (information.crashTime == nil ? 0 : 2) + (address % 4096 == 0 ? 1 : 0)
  }
}
