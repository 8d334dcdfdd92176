import Bytes
import CrashedKernel
import DumpRecords
import Handover
import MemoryImages

/// An os_info page, the checksum over it, and what its entries point at. The first byte says
/// whether checksums are put right; then come the page's fields, 512 bytes of data and more data.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = FuzzedBytes(start, count).bytes
  guard let choice = input.first else { return 0 }
  addParts(of: input)
  read(Array(input.dropFirst()))
  let rest = max(1, count - 1 - 292 - 512)
  var memory = FuzzedMemory(
    size: 4 << 20,
    windows: [
      .init(0xe00, 0x20), .init(0x10008, 8), .init(place, 292), .init(0x25000, 512),
      .init(0x2a018, rest),
    ],
    from: Array(repeating: 0, count: 40) + input.dropFirst())
  memory.write(bigEndian(place), at: 0xe18)
  memory.write(S390ParameterArea.entrySignature, at: S390ParameterArea.entrySignatureAddress)
  if choice & 1 == 0 { repairEntries(&memory) }
  if choice & 2 == 0 {
    let page = (try? memory.bytes(at: place, count: OSInfo.size)) ?? []
    memory.write(bigEndian(checksum(page.dropFirst(12))), at: place + 8)
  }
  read((try? memory.bytes(at: place, count: OSInfo.size)) ?? [])
  follow(memory, choice)
  return 0
}

private let place: UInt64 = 0x20000

/// The page alone.
private func read(_ page: [UInt8]) {
  do throws(OSInfo.Fault) {
    let record = try OSInfo(page)
    precondition(page.count >= OSInfo.size && record.entries.count == 13)
    for number in OSInfo.Number.allCases { _ = record[number] }
    _ = record.hasVirtualMemory
  } catch {
    precondition(!error.description.isEmpty)
  }
}

/// CKSM of the whole is that of its parts, added with the carry brought round.
private func addParts(of bytes: [UInt8]) {
  let middle = bytes.count / 8 * 4
  let sum = UInt64(checksum(bytes[..<middle])) + UInt64(checksum(bytes[middle...]))
  precondition(UInt64(checksum(bytes)) == (sum >> 32) + (sum & 0xffff_ffff))
}

private func repairEntries(_ memory: inout FuzzedMemory) {
  for entry in 0..<3 {
    let fields = (try? memory.bytes(at: place + 32 + 20 * UInt64(entry), count: 20)) ?? []
    var reader = ByteReader(fields, order: .big)
    guard let address = try? reader.read(UInt64.self), let size = try? reader.read(UInt64.self)
    else { return }
    let data = (try? memory.bytes(at: address, count: Int(size & 0x1ffff))) ?? []
    memory.write(bigEndian(checksum(data)), at: place + 48 + 20 * UInt64(entry))
  }
}

/// What the program does with the entries.
private func follow(_ memory: FuzzedMemory, _ choice: UInt8) {
  guard let image = memory.image() else { return }
  var options = SearchOptions()
  options.selection = choice & 4 == 0 ? .all : .production
  options.fallback = .refuse
  guard let system = try? SystemFinder.find(in: image, options) else { return }
  _ = system.s390?.reIPL.winner
  _ = try? VerifiedImage(system)
}

private func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  var writer = ByteWriter(order: .big)
  writer.write(value)
  return writer.bytes
}
