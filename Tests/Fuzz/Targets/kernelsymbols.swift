import Bytes
import CoreWriting
import CrashedKernel
import DumpRecords
import Handover
import MemoryImages

/// A kernel's vmcoreinfo, its symbol table and `struct kimage`: byte 0 chooses the
/// architecture, byte 1 its order and whether the memory also lies at the end of the addresses.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = FuzzedBytes(start, count).bytes
  guard count > 2 + textSize else { return 0 }
  let architecture = Architecture.all[Int(input[0]) % Architecture.all.count]
  let order: ByteOrder = input[1] & 4 == 0 ? .little : .big
  let text = Array(input[2..<2 + textSize].prefix { $0 != 0 })
  let source = FuzzedMemory(
    size: 4 << 20, windows: windows, from: note(text, order) + input[(2 + textSize)...])
  var regions = [MemoryRegion(range: 0..<source.size, source: source, offset: 0)]
  if input[1] & 1 != 0 {
    regions.append(
      MemoryRegion(range: UInt64.max - source.size..<UInt64.max, source: source, offset: 0))
  }
  guard let memory = try? PhysicalMemory(regions: regions) else { return 0 }
  let information = VMCoreInfo(text)
  if let kernel = Kernel(information, architecture, order: order, memory: memory),
    case .found(let symbols)? = try? kernel.symbols()
  {
    use(symbols, of: kernel)
  }
  if input[1] & 2 != 0 { verify(memory, architecture) }
  return 0
}

private let textSize = 0x300

/// The note, the parts of the table as recipes lay them out, `struct kimage`, the kernel's name
/// and the start of its first segment: see `seeds`.
private let windows: [FuzzedMemory.Window] = [
  (0x180000, textSize + 24), (0x120000, 16), (0x120100, 0x80), (0x121000, 0x100),
  (0x123000, 0x200), (0x124000, 0x200), (0x124800, 8), (0x130000, 0x400), (0x140000, 390),
  (0x210000, 0x400),
].map { FuzzedMemory.Window($0.0, $0.1) }

private func use(_ symbols: KernelSymbols, of kernel: Kernel) {
  precondition(symbols.count > 0)
  let wanted = ["kexec_crash_image", "_stext", "init_uts_ns", "", "reipl_block_actual"]
  let places = (try? symbols.addresses(of: wanted)) ?? [:]
  for name in wanted {
    precondition((try? symbols.address(of: name)) == places[name])
  }
  guard case .found(let image)? = try? KexecImage.read(kernel) else { return }
  precondition((1...16).contains(image.segments.count))
  precondition(image.segments.allSatisfy { !$0.isEmpty && $0.lowerBound % 4096 == 0 })
}

/// The whole way: the note is found by the search, the fallback makes a vmcore.
private func verify(_ memory: PhysicalMemory, _ architecture: Architecture) {
  let image = MemoryImage(
    name: "input", format: "elf", memory: memory, layout: .identity, layoutIsOpen: false,
    files: [])
  var options = SearchOptions()
  options.architecture = architecture
  _ = try? VerifiedImage(image, options)
  guard let system = try? SystemFinder.find(in: image, options) else { return }
  _ = try? VerifiedImage(system)
  guard let plan = try? CorePlan(for: system, PlanOptions()) else { return }
  precondition(plan.extents.last?.range.upperBound == plan.size)
}

private func note(_ text: [UInt8], _ order: ByteOrder) -> [UInt8] {
  var writer = ByteWriter(order: order)
  for word in [11, UInt32(text.count), 0] { writer.write(word) }
  writer.write(contentsOf: Array("VMCOREINFO\0\0".utf8) + text)
  writer.pad(to: textSize + 24)
  return writer.bytes
}
