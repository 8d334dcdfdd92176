internal import Bytes
package import CrashedKernel
internal import DumpRecords
package import MemoryImages

/// What an s390x kernel left for its successor at its fixed places.
package struct S390Handover: Sendable {
  /// Memory as that kernel addressed it.
  package let memory: PhysicalMemory
  /// How the image lies; nil where nothing names a crash region.
  package let layout: S390Layout?
  package let osInfo: S390OSInfo
  package let information: S390VMCoreInfo
  package let processors: S390Processors
  package let reIPL: ReIPLSearch
  /// The kernel itself; nil without vmcoreinfo.
  package let kernel: Kernel?
  /// How its virtual addresses become physical ones, as far as fixed places tell.
  let addresses: LinearMap

  /// What the crashed kernel left.
  init(of layout: S390Layout, in image: MemoryImage) throws(ReadError) {
    try self.init(
      in: layout.memory, lowcore: layout.lowcore, osInfo: layout.osInfo, layout: layout,
      note: image.reIPLBlock, hasCrashed: layout.isSwapped)
  }

  /// What the kernel at absolute 0 left, whichever that is; nil where the image has no lowcore.
  init?(atZeroOf image: MemoryImage, layout: S390Layout?) throws(ReadError) {
    guard let lowcore = try image.memory.bytes(at: 0, count: Lowcore.size) else { return nil }
    let osInfo = try S390View(memory: image.memory, lowcore: lowcore).osInfo()
    try self.init(
      in: image.memory, lowcore: lowcore, osInfo: osInfo, layout: layout, note: image.reIPLBlock,
      hasCrashed: false)
  }

  /// What lies beside a header that was found in memory; nil on other machines.
  init?(of found: FoundHeader, _ image: MemoryImage) throws(ReadError) {
    guard Architecture.of(found.examination.header)?.buildsCoreHeader == true else {
      return nil
    }
    try self.init(atZeroOf: image.with(found.memory), layout: nil)
  }

  private init(
    in memory: PhysicalMemory, lowcore: [UInt8], osInfo: S390OSInfo, layout: S390Layout?,
    note: [UInt8]?, hasCrashed: Bool
  ) throws(ReadError) {
    let reader = ByteReader(lowcore, order: .big)
    self.memory = memory
    self.layout = layout
    self.osInfo = osInfo
    information = try S390VMCoreInfo(in: memory, lowcore: reader, osInfo: osInfo)
    let text = information.information
    let space = osInfo.page.map(S390AddressSpace.init) ?? text.map(S390AddressSpace.init)
    let map = (space ?? S390AddressSpace()).linearMap
    addresses = map
    kernel = text.flatMap {
      Kernel($0, .s390x, order: .big, memory: memory, linearMap: map)
    }
    processors = try S390Processors(
      in: memory, lowcore: lowcore, information: information.information, addresses: map,
      hasCrashed: hasCrashed || information.information?.crashTime != nil)
    reIPL = try ReIPLSearch(
      in: memory, lowcore: reader, osInfo: osInfo, information: information.information,
      addresses: map, note: note,
      variable: kernel?.symbols().value?.address(of: "reipl_block_actual"))
  }

  /// A variable of 64 bits that vmcoreinfo names.
  func value(of symbol: String) throws(ReadError) -> UInt64? {
    guard let address = information.information?.symbol(symbol).flatMap(addresses.physical),
      let bytes = try memory.bytes(at: address, count: 8)
    else { return nil }
    return try? ByteReader(bytes, order: .big).peek(at: 0, UInt64.self)
  }
}
