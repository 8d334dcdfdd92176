import Bytes
import CrashedKernel
import DumpRecords
import MemoryImages
import TestSupport
import Testing

/// An architecture, and where the log lies in its virtual addresses.
struct LogMachine: CustomTestStringConvertible, Sendable {
  let name: String
  let virtual: UInt64
  var lines: [String] = []

  var testDescription: String { name }
  var architecture: Architecture? { Architecture.all.first { $0.name == name } }
  var order: RecipeOrder { architecture?.order == .big ? .big : .little }

  static let all: [LogMachine] = [
    LogMachine(name: "x86_64", virtual: 0xffff_ffff_8001_0000, lines: ["NUMBER(phys_base)=0"]),
    LogMachine(name: "i386", virtual: 0xc001_0000),
    LogMachine(name: "arm", virtual: 0xc001_0000, lines: ["SYMBOL(_stext)=c0008000"]),
    LogMachine(
      name: "aarch64", virtual: 0xffff_8000_0801_0000,
      lines: [
        "NUMBER(kimage_voffset)=0xffff800008000000", "NUMBER(VA_BITS)=48",
        "NUMBER(PHYS_OFFSET)=0x0",
      ]),
    LogMachine(name: "ppc64", virtual: 0xc000_0000_0001_0000),
    LogMachine(name: "ppc64le", virtual: 0xc000_0000_0001_0000),
    LogMachine(
      name: "riscv64", virtual: 0xffff_ffff_8001_0000,
      lines: [
        "NUMBER(va_kernel_pa_offset)=0xffffffff80000000",
        "NUMBER(KERNEL_LINK_ADDR)=0xffffffff80000000",
      ]),
    LogMachine(name: "loongarch64", virtual: 0x9000_0000_0001_0000),
    LogMachine(name: "mips", virtual: 0x8001_0000),
    LogMachine(name: "mipsel", virtual: 0xa001_0000),
    LogMachine(name: "mips64", virtual: 0xffff_ffff_8001_0000),
    LogMachine(name: "mips64el", virtual: 0x9800_0000_0001_0000),
    LogMachine(name: "s390x", virtual: 0x1_0000),
  ]

  static let x86_64: LogMachine = all[0]
  static let s390x: LogMachine = all[all.count - 1]

  func model(_ form: KernelLogModel.Form, bits: Int = 12) -> KernelLogModel {
    KernelLogModel(
      form, at: virtual, order: order, wordSize: architecture?.wordSize ?? 8, bits: bits)
  }

  /// The kernel whose memory holds a log and nothing else.
  func kernel(
    _ bytes: [UInt8], _ information: [String], loads: [ProgramHeader] = []
  ) throws -> Kernel {
    let text = ["OSRELEASE=6.1.0"] + lines + information
    let padded = [UInt8](repeating: 0, count: 0x1_0000) + bytes
    let region = MemoryRegion(
      range: 0..<UInt64(padded.count), source: ByteArraySource(padded, name: "m"), offset: 0)
    let architecture = try #require(architecture)
    return try #require(
      Kernel(
        VMCoreInfo(Array(text.map { $0 + "\n" }.joined().utf8)), architecture,
        order: architecture.order, memory: PhysicalMemory(region: region), loads: loads))
  }
}
