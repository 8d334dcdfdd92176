import Bytes
import CrashedKernel
import DumpRecords
import MemoryImages
import TestSupport
import Testing

struct KernelSymbolsTests {
  private static let start: UInt64 = 0xffff_ffff_8001_0000
  private static let uname: UInt64 = 0xffff_ffff_8100_2000
  private static let long = String(repeating: "very_long_name_", count: 20)

  private static func model(_ form: KernelSymbolsModel.Form) -> KernelSymbolsModel {
    KernelSymbolsModel(
      [
        ("fixed_percpu_data", form == .percpu ? 0x1f000 : 0xffff_ffff_8000_4000),
        ("_stext", 0xffff_ffff_8000_0000), (long, 0xffff_ffff_8100_1000),
        ("init_uts_ns", uname), ("kexec_crash_image", 0xffff_ffff_8100_3000),
      ], form: form, at: start, order: .little, wordSize: 8)
  }

  private static func information(
    _ model: KernelSymbolsModel, _ more: [String] = []
  ) -> VMCoreInfo {
    let lines = ["OSRELEASE=6.1.0", "NUMBER(phys_base)=0"] + model.information + more
    return VMCoreInfo(Array(lines.map { $0 + "\n" }.joined().utf8))
  }

  private static func kernel(_ bytes: [UInt8], _ information: VMCoreInfo) throws -> Kernel {
    let padded = [UInt8](repeating: 0, count: 0x10000) + bytes
    let region = MemoryRegion(
      range: 0..<UInt64(padded.count), source: ByteArraySource(padded, name: "kernel"), offset: 0)
    return try #require(
      Kernel(information, .x86_64, order: .little, memory: PhysicalMemory(region: region)))
  }

  private static func read(
    _ bytes: [UInt8], _ information: VMCoreInfo
  ) throws -> Answer<KernelSymbols> {
    try kernel(bytes, information).symbols()
  }

  private static let anchor = "SYMBOL(init_uts_ns)=\(String(uname, radix: 16))"

  @Test(
    "symbols are found in every form that kernels have had",
    arguments: [KernelSymbolsModel.Form.base, .percpu, .place, .words])
  func forms(_ form: KernelSymbolsModel.Form) throws {
    let model = Self.model(form)
    guard
      case .found(let symbols) = try Self.read(
        model.bytes(), Self.information(model, [Self.anchor]))
    else {
      Issue.record("no symbol table")
      return
    }
    #expect(symbols.count == 5)
    for (name, address) in model.symbols {
      #expect(try symbols.address(of: name) == address, "\(name)")
    }
    #expect(try symbols.address(of: "init_uts") == nil)
    #expect(try symbols.address(of: "Dinit_uts_ns") == nil)
  }

  @Test("a table that disagrees with vmcoreinfo is corrupt, not used")
  func disagreement() throws {
    let model = Self.model(.base)
    let answer = try Self.read(
      model.bytes(), Self.information(model, ["SYMBOL(init_uts_ns)=ffffffff81009000"]))
    guard case .corrupt(let why) = answer else {
      Issue.record("expected a corrupt table")
      return
    }
    #expect(why.contains("init_uts_ns at 0xffffffff81002000"))
    #expect(why.contains("vmcoreinfo at 0xffffffff81009000"))
  }

  @Test("a kernel before 6.0 has no keys, and its table is absent")
  func oldKernel() throws {
    let information = VMCoreInfo(Array("OSRELEASE=5.10.0\nNUMBER(phys_base)=0\n".utf8))
    guard case .absent(let why) = try Self.read([], information) else {
      Issue.record("expected no table")
      return
    }
    #expect(why.contains("names no symbol table"))
  }

  @Test("no damage to the table or to its keys crashes the program")
  func hostile() throws {
    var generator = SeededGenerator(seed: 610)
    let model = Self.model(.base)
    let sound = model.bytes()
    for round in 0..<400 {
      var bytes = sound
      for _ in 0..<Int.random(in: 1...8, using: &generator) {
        let part = [0, 0x100, 0x1000, 0x3000, 0x4000].randomElement(using: &generator) ?? 0
        let place = part + Int.random(in: 0..<0x80, using: &generator)
        bytes[place] = UInt8(truncatingIfNeeded: generator.next())
      }
      if round % 4 == 0 { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator)) }
      var lines = model.information
      if round % 3 == 0, let index = lines.indices.randomElement(using: &generator) {
        let key = lines[index].prefix { $0 != "=" }
        lines[index] = "\(key)=\(String(generator.next(), radix: 16))"
      }
      let text = ["NUMBER(phys_base)=0", Self.anchor] + lines
      let information = VMCoreInfo(Array(text.map { $0 + "\n" }.joined().utf8))
      let kernel = try Self.kernel(bytes, information)
      if case .found(let symbols) = try kernel.symbols() {
        _ = try symbols.addresses(of: ["kexec_crash_image", "x", ""])
        _ = try KexecImage.read(kernel)
      }
    }
  }

  @Test(
    "virtual addresses become physical by each architecture's rule",
    arguments: [
      ("x86_64", ["NUMBER(phys_base)=-16777216"], 0xffff_ffff_8234_5678, 0x134_5678),
      (
        "aarch64",
        [
          "NUMBER(kimage_voffset)=0xffffd13f05000000", "NUMBER(VA_BITS)=52",
          "NUMBER(PHYS_OFFSET)=0xfff0f49240000000",
        ], 0xffff_d13f_457d_3908, 0x407d_3908
      ),
      (
        "aarch64",
        [
          "NUMBER(kimage_voffset)=0xffffd13f05000000", "NUMBER(VA_BITS)=52",
          "NUMBER(PHYS_OFFSET)=0xfff0f49240000000",
        ], 0xffff_0b6e_0173_8800, 0x4173_8800
      ),
      (
        "aarch64",
        [
          "NUMBER(kimage_voffset)=0xffffef201aa00000", "NUMBER(VA_BITS)=52", "PAGESIZE=16384",
          "NUMBER(PHYS_OFFSET)=0xfff05b5000000000",
        ], 0xffff_a4b0_57fb_62c0, 0x57fb_62c0
      ),
      ("ppc64le", [], 0xc000_0000_0076_a010, 0x76_a010),
      (
        "riscv64",
        [
          "NUMBER(va_kernel_pa_offset)=0xfffffffeffe00000",
          "NUMBER(KERNEL_LINK_ADDR)=0xffffffff80000000",
        ], 0xffff_ffff_8000_1000, 0x8020_1000
      ),
      ("s390x", [], 0x4f_ab68, 0x4f_ab68),
      (
        "s390x",
        ["IDENTITYBASE=8000000000", "KERNELOFFSET=3ffe0000000", "KERNELOFFPHYS=1000000"],
        0x3ff_e012_3456, 0x112_3456
      ),
      (
        "s390x",
        ["IDENTITYBASE=8000000000", "KERNELOFFSET=3ffe0000000", "KERNELOFFPHYS=1000000"],
        0x80_0000_5000, 0x5000
      ),
    ] as [(String, [String], UInt64, UInt64)])
  func translation(name: String, lines: [String], virtual: UInt64, physical: UInt64) throws {
    let architecture = try #require(Architecture.all.first { $0.name == name })
    let information = VMCoreInfo(Array(lines.map { $0 + "\n" }.joined().utf8))
    let map = try #require(architecture.linearMap(information))
    #expect(map.physical(virtual) == physical)
  }
}
