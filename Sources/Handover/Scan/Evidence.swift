internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// Everything in an image that may tell where the core header is and how the image lies in
/// memory, found by one pass, or by a part of one. Addresses are those of the memory that was scanned.
struct Evidence: Sendable {
  let scan: MemoryScan
  /// Whole device trees and where they stand.
  private(set) var deviceTrees: [(address: UInt64, tree: DeviceTree)] = []
  /// Headers whose table was read, by their address.
  private(set) var headers: [(address: UInt64, header: CoreHeader)] = []
  /// Headers such as a second kernel makes: one PT_NOTE with a file offset comes first.
  private(set) var mergedHeaders: [MergedHeader] = []
  /// Zero pages and where they stand.
  private(set) var bootParameters: [(address: UInt64, page: BootParameters)] = []
  /// Distinct x86 memory maps and where the first copy of each stands.
  private(set) var memoryMaps: [(address: UInt64, map: MemoryMapTable)] = []
  /// Headers of a firmware-assisted dump, and what names them.
  private(set) var fadumpHeaders: [(address: UInt64, named: UInt64)] = []
  /// The texts of VMCOREINFO notes that were parsed.
  let informations: InformationTexts

  /// What is needed of a header that a second kernel may have made.
  struct MergedHeader: Sendable {
    let address: UInt64
    let elfClass: ELFClass
    /// Entries of its table.
    let count: Int
    /// The first of them.
    let note: ProgramHeader
    let loads: [ProgramHeader]
  }

  /// Merged headers that are compared at most: real images hold a few copies of one.
  private static let mergedLimit = 256

  /// Device trees that are read at most: more than any machine has copies of.
  private static let treeLimit = 256
  /// Bytes of device trees that are read at most.
  private static let treeBytes: UInt64 = 32 << 20

  /// The shortest token with what belongs to it.
  private static let treeBytesInRecord: UInt64 = 8

  /// Scans the memory and reads what was found.
  init(
    _ memory: PhysicalMemory, workers: Int, isCancelled: @Sendable () -> Bool
  ) throws(ReadError) {
    try self.init(
      of: try MemoryScan(memory, workers: workers, isCancelled: isCancelled), in: memory)
  }

  /// Reads what a scan of a memory, or of a part of it, has found.
  ///
  /// - Parameter informations: the texts that were parsed before.
  init(
    of scan: MemoryScan, in memory: PhysicalMemory,
    _ informations: InformationTexts = InformationTexts()
  ) throws(ReadError) {
    self.scan = scan
    self.informations = informations
    try readHeaders(in: memory)
    try readDeviceTrees(in: memory)
    try readBootParameters(in: memory)
    try readMemoryMaps(in: memory)
  }

  private mutating func readHeaders(in memory: PhysicalMemory) throws(ReadError) {
    for address in scan.hits(of: .coreHeader).addresses {
      guard case .header(let header) = try CoreHeaderReading(at: address, in: memory) else {
        continue
      }
      headers.append((address, header))
      noteMerged(header, at: address)
    }
  }

  private mutating func noteMerged(_ header: CoreHeader, at address: UInt64) {
    guard let first = header.segments.first, first.type == .note, first.physicalAddress == 0,
      mergedHeaders.count < Evidence.mergedLimit
    else { return }
    mergedHeaders.append(
      MergedHeader(
        address: address, elfClass: header.elfClass, count: header.segments.count, note: first,
        loads: header.segments(of: .load).map(\.segment)))
  }

  private mutating func readDeviceTrees(in memory: PhysicalMemory) throws(ReadError) {
    var left = Evidence.treeBytes
    for address in scan.hits(of: .deviceTree).addresses.prefix(Evidence.treeLimit) {
      guard
        let head = try memory.bytes(at: address, count: DeviceTreeHeader.size),
        let header = DeviceTreeHeader(head), UInt64(header.totalSize) <= left
      else { continue }
      left -= UInt64(header.totalSize)
      try memory.budget?.spend(
        UInt64(header.totalSize) / Evidence.treeBytesInRecord, .parsing, on: "the device trees")
      guard let bytes = try memory.bytes(at: address, count: Int(header.totalSize)),
        let tree = DeviceTree(bytes)
      else { continue }
      try memory.budget?.spend(
        UInt64(tree.memory.count * MemoryLayout<Range<UInt64>>.stride), .keeping,
        on: "the device trees")
      deviceTrees.append((address, tree))
    }
  }

  private mutating func readBootParameters(in memory: PhysicalMemory) throws(ReadError) {
    for address in scan.hits(of: .bootParameters).addresses.prefix(Evidence.treeLimit) {
      if let bytes = try memory.bytes(at: address, count: BootParameters.size),
        let page = BootParameters(bytes)
      {
        bootParameters.append((address, page))
      }
    }
  }

  /// Places that may be a memory map and are looked at: real images have a hundred.
  private static let mapPlaces = 1024
  /// Memory maps that are kept: a machine has two or three.
  private static let mapLimit = 16

  private mutating func readMemoryMaps(in memory: PhysicalMemory) throws(ReadError) {
    for address in scan.hits(of: .memoryMap).addresses.prefix(Evidence.mapPlaces)
    where memoryMaps.count < Evidence.mapLimit {
      let before = min(UInt64(MemoryMapTable.bytesBefore), address)
      let bytes = try memory.paddedBytes(
        at: address - before, count: Int(before) + MemoryMapTable.bytesFrom
      ).bytes
      guard let map = MemoryMapTable(bytes, around: Int(before)),
        !memoryMaps.contains(where: { $0.map == map })
      else { continue }
      memoryMaps.append((address, map))
    }
  }

  /// The places that command lines and device trees name, with memory as the machine saw it.
  func namedPlaces(in view: ImageView) throws(ReadError) -> [NamedPlace] {
    var places: [NamedPlace] = []
    for (place, page) in bootParameters {
      let address = view.address(ofScanned: place) ?? place
      let limit = page.commandLineLimit == 0 ? 256 : min(4096, Int(page.commandLineLimit) + 1)
      let line = try view.memory.paddedBytes(at: page.commandLineAddress, count: limit).bytes
      let text = line.prefix { $0 != 0 }
      guard text.allSatisfy({ (0x20..<0x7f).contains($0) || $0 == 9 || $0 == 10 }),
        let parameter = ELFCoreHeaderParameter(
          commandLine: String(decoding: text, as: UTF8.self))
      else { continue }
      places.append(
        NamedPlace(
          parameter: parameter, locator: .bootParameters, namedAt: place,
          by: "boot_params at \(address.hex), command line at \(page.commandLineAddress.hex)"))
    }
    for (place, tree) in deviceTrees {
      let address = view.address(ofScanned: place) ?? place
      guard let named = tree.namedCoreHeader else { continue }
      places.append(
        NamedPlace(
          parameter: named.parameter, locator: .deviceTree, namedAt: place,
          by: "device tree at \(address.hex), \(named.by)"))
    }
    for header in fadumpHeaders {
      guard let address = view.address(ofScanned: header.address) else { continue }
      let place = view.address(ofScanned: header.named) ?? header.named
      places.append(
        NamedPlace(
          parameter: ELFCoreHeaderParameter(address: address), locator: .fadump,
          namedAt: header.named, by: "fadump_crash_info_header at \(place.hex)"))
    }
    return places
  }
}

extension Evidence {
  /// The headers of a view, by their addresses in it: those that the scan knows by their look, and
  /// those that a command line or a device tree names. The second kernel takes these from any address,
  /// and looks neither at `e_phoff` nor at what section headers they claim (`fs/proc/vmcore.c`).
  func headers(
    in view: ImageView
  ) throws(ReadError) -> [(address: UInt64, header: CoreHeader)] {
    var found = headers.compactMap { place, header in
      view.address(ofScanned: place).map { (address: $0, header: header) }
    }
    var seen = Set(found.map(\.address))
    for place in try namedPlaces(in: view) where seen.insert(place.parameter.address).inserted {
      let address = place.parameter.address
      if case .header(let header) = try CoreHeaderReading(at: address, in: view.memory) {
        found.append((address, header))
      }
    }
    return found
  }

  /// Whether anything tells of a machine whose firmware keeps memory for a dump: a header for one, or
  /// a kernel whose addresses are those of the direct map of ppc64.
  func mayHaveFirmwareDump(in memory: PhysicalMemory) throws(ReadError) -> Bool {
    if headers.contains(where: { Architecture.of($0.header)?.hasFirmwareDump == true }) {
      return true
    }
    for address in scan.hits(of: .vmCoreInfoNote).addresses.prefix(Evidence.noteLimit) {
      guard let text = try InformationNote(at: address, in: memory)?.text(in: memory) else {
        continue
      }
      let information = try informations.information(text, scannedAt: address, memory.budget)
      let symbol = information.symbol("_stext") ?? information.symbol("swapper_pg_dir") ?? 0
      if symbol >> 48 == 0xc000 { return true }
    }
    return false
  }

  /// Notes that are read for it: a machine has one or two.
  private static let noteLimit = 16
  /// Structures that are followed: a machine has one.
  private static let fadumpLimit = 64
  /// How far behind its structure the header may begin: behind registers and a mask of CPUs
  /// (`NR_CPUS` is at most 8192).
  private static let fadumpReach = 4096

  /// The same with what a pass over memory finds of a firmware-assisted dump; nil where it finds
  /// nothing.
  func addingFadump(
    in memory: PhysicalMemory, workers: Int, isCancelled: @Sendable () -> Bool
  ) throws(ReadError) -> Evidence? {
    let scan = try MemoryScan(
      memory, for: ScanPattern.fadump, workers: workers, isCancelled: isCancelled)
    var evidence = self
    for pattern in ScanPattern.fadump {
      for address in scan.hits(of: pattern).addresses.prefix(Evidence.fadumpLimit) {
        try evidence.readFadumpHeader(of: address, in: memory)
      }
    }
    return evidence.fadumpHeaders.isEmpty ? nil : evidence
  }

  /// `init_fadump_header` (`arch/powerpc/kernel/fadump.c`): the header whose note the structure
  /// names, or before Linux 6.10 the one directly behind it; its size depends on the kernel.
  private mutating func readFadumpHeader(
    of structure: UInt64, in memory: PhysicalMemory
  ) throws(ReadError) {
    let bytes = try memory.paddedBytes(at: structure, count: Evidence.fadumpReach + 64).bytes
    for order in ByteOrder.allCases {
      guard case .information(let note)? = FadumpCrashInfo(bytes, order) else { continue }
      for (address, header) in headers
      where header.segments(of: .note).contains(where: { $0.segment.offset == note }) {
        fadumpHeaders.append((address, structure))
      }
      return
    }
    for offset in stride(from: FadumpCrashInfo.size, through: Evidence.fadumpReach, by: 8)
    where bytes[offset...].starts(with: ELFHeader.magic)
      && ScanPattern.coreHeader.isPlausible(Array(bytes[offset..<offset + 64]))
    {
      let address = structure + UInt64(offset)
      guard
        case .header(let header) = try CoreHeaderReading(at: address, in: memory)
      else { continue }
      if !headers.contains(where: { $0.address == address }) { headers.append((address, header)) }
      fadumpHeaders.append((address, structure))
      return
    }
  }
}

/// The table of one header, or why it was not read.
enum CoreHeaderReading {
  case header(CoreHeader)
  /// The second kernel would not take it.
  case refused(String)
  /// The image ends inside it.
  case cutOff(String)

  /// Reads the header at an address with its table, which stands directly behind it.
  init(
    at address: UInt64, in memory: PhysicalMemory
  ) throws(ReadError) {
    let head = try memory.paddedBytes(at: address, count: 64)
    guard head.present > 0 else {
      self = .cutOff("\(address.hex) lies outside the image")
      return
    }
    guard let header = try? ELFHeader(head.bytes) else {
      self = .refused("no ELF header at \(address.hex): begins with \(hexBytes(head.bytes[..<8]))")
      return
    }
    if let refusal = header.refusal {
      self = .refused("the ELF header at \(address.hex): \(refusal)")
      return
    }
    let count = UInt64(header.programHeaderCount)
    let what = "the look-alikes of a core header"
    try memory.budget?.spend(1, .parsing, on: what)
    if let table = Range(start: address, length: UInt64(header.sizeWithTable)),
      memory.holds(table)
    {
      try memory.budget?.spend(count, .parsing, on: what)
      try memory.budget?.spend(
        count * UInt64(MemoryLayout<ProgramHeader>.stride), .keeping, on: what)
    }
    guard let bytes = try memory.bytes(at: address, count: header.sizeWithTable) else {
      self = .cutOff(
        "the ELF header at \(address.hex): the image ends inside its "
          + "\(header.programHeaderCount) program headers")
      return
    }
    var reader = ByteReader(
      bytes, order: header.order ?? .little, at: (header.elfClass ?? .bits64).headerSize)
    var segments: [ProgramHeader] = []
    segments.reserveCapacity(Int(header.programHeaderCount))
    for _ in 0..<header.programHeaderCount {
      guard
        let segment = try? ProgramHeader(from: &reader, elfClass: header.elfClass ?? .bits64)
      else { break }
      segments.append(segment)
    }
    guard let core = CoreHeader(header: header, segments: segments) else {
      self = .refused("the ELF header at \(address.hex) has no class or byte order")
      return
    }
    self = .header(core)
  }
}

/// Bytes as two hexadecimal digits each, with blanks between.
func hexBytes(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
}
