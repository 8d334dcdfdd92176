import Bytes
import CrashedKernel
import DumpRecords
import MemoryImages

/// A kernel's log: byte 0 chooses the architecture, byte 1 its form; then the vmcoreinfo of one, and
/// what its symbols name.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = FuzzedBytes(start, count).bytes
  guard count > 2 + textSize else { return 0 }
  let architecture = Architecture.all[Int(input[0]) % Architecture.all.count]
  let order: ByteOrder = input[1] & 1 == 0 ? .little : .big
  let text = Array(input[2..<2 + textSize].prefix { $0 != 0 })
  let source = FuzzedMemory(
    size: 4 << 20, windows: [.init(0x150000, 1 << 15)], from: input[(2 + textSize)...])
  guard
    let memory = try? PhysicalMemory(
      regions: [MemoryRegion(range: 0..<source.size, source: source, offset: 0)]),
    let kernel = Kernel(VMCoreInfo(text), architecture, order: order, memory: memory),
    case .found(var log)? = try? KernelLog.read(kernel)
  else { return 0 }
  var records = 0
  var size = 0
  var verdict = LogVerdict()
  while let record = try? log.next() {
    records += 1
    size += record.text.count
    verdict.add(record)
    precondition(record.level.map { $0 < 8 } ?? true)
  }
  precondition(records <= 1 << 27 && size <= 1 << 27)
  precondition(log.damage.findings.count <= min(16, log.damage.count))
  return 0
}

private let textSize = 0x800
