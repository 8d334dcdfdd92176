package import Bytes
internal import DumpRecords
package import MemoryImages

/// One pass over everything that an image holds (holes are passed over), by all processors,
/// noting where a record may begin. Addresses are those of the memory that was scanned.
package struct MemoryScan: Sendable {
  /// ELF core headers that a second kernel could take, at steps of 1024 bytes.
  package private(set) var coreHeaders = HitList()
  /// Flattened device trees, at steps of 8 bytes.
  package private(set) var deviceTrees = HitList()
  /// x86 zero pages, at steps of 4096 bytes.
  package private(set) var bootParameters = HitList()
  /// VMCOREINFO notes, at steps of 4 bytes.
  package private(set) var vmCoreInfoNotes = HitList()
  /// Number of bytes that were looked at.
  package private(set) var scannedBytes: UInt64 = 0

  /// A list of addresses with an upper bound, since an image can be made of nothing else.
  package struct HitList: Sendable, Equatable {
    package private(set) var addresses: [UInt64] = []
    /// Whether more were found than are kept.
    package private(set) var isCut = false
    package static let limit = 16_384

    mutating func append(_ address: UInt64) {
      if addresses.count < HitList.limit { addresses.append(address) } else { isCut = true }
    }

    mutating func append(contentsOf other: HitList) {
      for address in other.addresses { append(address) }
      if other.isCut { isCut = true }
    }
  }

  /// Step at which core headers are looked for.
  package static let headerStep: UInt64 = 1024

  /// Scans all of `memory`.
  package init(
    _ memory: PhysicalMemory, workers: Int, isCancelled: @Sendable () -> Bool = { false }
  ) throws(ReadError) {
    self.init()
    var chunks = ChunkSequence(memory)
    let pool = ChunkPool(size: Chunk.usualSize + MemoryScan.overlap)
    var result = MemoryScan()
    try OrderedPipeline(workers: workers).run(
      produce: { () throws(ReadError) -> Job? in isCancelled() ? nil : chunks.next() },
      work: { (job: Job) throws(ReadError) -> MemoryScan in
        let chunk = pool.take()
        defer { pool.giveBack(chunk) }
        return try MemoryScan(of: job, in: chunk, from: memory)
      },
      consume: { (part: MemoryScan) throws(ReadError) in result.merge(part) })
    self = result
  }

  private init() {}

  /// Bytes read behind a chunk, so that the head of a record at its end can be checked.
  private static let overlap = 64

  /// A stretch of data inside one region.
  private struct Job: Sendable {
    let address: UInt64
    let count: Int
  }

  private mutating func merge(_ other: MemoryScan) {
    coreHeaders.append(contentsOf: other.coreHeaders)
    deviceTrees.append(contentsOf: other.deviceTrees)
    bootParameters.append(contentsOf: other.bootParameters)
    vmCoreInfoNotes.append(contentsOf: other.vmCoreInfoNotes)
    scannedBytes &+= other.scannedBytes
  }

  private init(of job: Job, in chunk: Chunk, from memory: PhysicalMemory) throws(ReadError) {
    let wanted = job.count + MemoryScan.overlap
    try unsafe memory.read(
      at: job.address, into: UnsafeMutableRawBufferPointer(rebasing: chunk.bytes[..<wanted]))
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: chunk.bytes[..<wanted])
    scannedBytes = UInt64(job.count)
    unsafe findCoreHeaders(bytes, count: job.count, at: job.address)
    unsafe findBootParameters(bytes, count: job.count, at: job.address)
    unsafe findWords(bytes, count: job.count, at: job.address)
  }

  private mutating func findCoreHeaders(
    _ bytes: UnsafeRawBufferPointer, count: Int, at address: UInt64
  ) {
    let magic = UInt32(littleEndian: 0x464c_457f)
    let first = MemoryScan.distance(from: address, toMultipleOf: MemoryScan.headerStep)
    for offset in stride(from: first, to: count, by: Int(MemoryScan.headerStep))
    where unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self) == magic {
      let head = unsafe Array(bytes[offset..<min(offset + 64, bytes.count)])
      if CoreHeaderLook.isPlausible(head) { coreHeaders.append(address + UInt64(offset)) }
    }
  }

  private mutating func findBootParameters(
    _ bytes: UnsafeRawBufferPointer, count: Int, at address: UInt64
  ) {
    let signature = UInt32(littleEndian: BootParameters.signature)
    let first = MemoryScan.distance(from: address, toMultipleOf: 4096)
    let within = BootParameters.signatureOffset
    for offset in stride(from: first, through: count - within - 4, by: 4096)
    where unsafe bytes.loadUnaligned(fromByteOffset: offset + within, as: UInt32.self)
      == signature
    {
      bootParameters.append(address + UInt64(offset))
    }
  }

  /// Device trees and VMCOREINFO notes can stand at any word, so every word is compared.
  private mutating func findWords(
    _ bytes: UnsafeRawBufferPointer, count: Int, at address: UInt64
  ) {
    let tree = UInt32(bigEndian: DeviceTreeHeader.magic)
    let name = UInt32(littleEndian: 0x4f43_4d56)  // "VMCO"
    let trees = SIMD16<UInt32>(repeating: tree)
    let names = SIMD16<UInt32>(repeating: name)
    var block = 0
    while block < count {
      // The last block may reach into the overlap: what begins there is found by the next chunk.
      let words = unsafe bytes.loadUnaligned(fromByteOffset: block, as: SIMD16<UInt32>.self)
      if any((words .== trees) .| (words .== names)) {
        for lane in 0..<16 where block + 4 * lane < count {
          if words[lane] == tree {
            unsafe noteDeviceTree(bytes, at: block + 4 * lane, address)
          } else if words[lane] == name {
            unsafe noteVMCoreInfo(bytes, at: block + 4 * lane, address)
          }
        }
      }
      block += 64
    }
  }

  private mutating func noteDeviceTree(
    _ bytes: UnsafeRawBufferPointer, at offset: Int, _ address: UInt64
  ) {
    guard (address + UInt64(offset)) % 8 == 0, offset + DeviceTreeHeader.size <= bytes.count
    else { return }
    let head = unsafe Array(bytes[offset..<offset + DeviceTreeHeader.size])
    if DeviceTreeHeader(head) != nil { deviceTrees.append(address + UInt64(offset)) }
  }

  private mutating func noteVMCoreInfo(
    _ bytes: UnsafeRawBufferPointer, at offset: Int, _ address: UInt64
  ) {
    let name = Array("VMCOREINFO\0\0OSRELEASE=".utf8)
    guard offset + name.count <= bytes.count,
      unsafe bytes[offset..<offset + name.count].elementsEqual(name),
      address + UInt64(offset) >= UInt64(NoteHeader.size)
    else { return }
    vmCoreInfoNotes.append(address + UInt64(offset) - UInt64(NoteHeader.size))
  }

  private static func distance(from address: UInt64, toMultipleOf step: UInt64) -> Int {
    Int((step - address % step) % step)
  }

  /// The data of a memory in chunks: holes and absent ranges are passed over.
  private struct ChunkSequence {
    private let regions: [MemoryRegion]
    private var index = 0
    private var address: UInt64 = 0
    private var dataEnd: UInt64 = 0

    init(_ memory: PhysicalMemory) {
      regions = memory.regions
      address = regions.first.map(ChunkSequence.start) ?? 0
    }

    /// Words are compared at addresses that are multiples of 8, whatever the region begins with.
    private static func start(of region: MemoryRegion) -> UInt64 {
      region.range.lowerBound.roundedUp(to: 8) ?? region.range.upperBound
    }

    mutating func next() -> Job? {
      while index < regions.count {
        let region = regions[index]
        if address >= region.range.upperBound {
          index += 1
          if index < regions.count { address = ChunkSequence.start(of: regions[index]) }
          dataEnd = 0
          continue
        }
        if address >= dataEnd {
          let offset = region.sourceOffset(of: address)
          let extent = region.source.extent(at: offset)
          let end = min(address.adding(extent.end - offset) ?? .max, region.range.upperBound)
          if extent.isHole || end <= address {
            // A hole may end inside a page of a block size below 4 KiB: go on at a whole word.
            address = max(end.roundedDown(to: 8), address.adding(8) ?? .max)
            continue
          }
          dataEnd = end
        }
        let count = min(UInt64(Chunk.usualSize) - address % 4096, dataEnd - address)
        defer { address += count }
        return Job(address: address, count: Int(count))
      }
      return nil
    }
  }
}

/// The quick look at a header that decides whether it is worth reading its table.
enum CoreHeaderLook {
  /// Whether kexec-tools or a kernel could have written it: what the second kernel checks, and
  /// what both producers always leave as it is.
  static func isPlausible(_ head: [UInt8]) -> Bool {
    guard let header = try? ELFHeader(head), header.refusal == nil else {
      return false
    }
    return header.programHeaderOffset == UInt64(header.headerSize)
      && header.sectionHeaderOffset == 0 && header.sectionHeaderCount == 0
      && header.sectionHeaderEntrySize == 0 && header.sectionNameIndex == 0
      && header.identification[9...].allSatisfy { $0 == 0 }
  }
}
