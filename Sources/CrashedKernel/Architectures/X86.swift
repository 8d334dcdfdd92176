internal import Bytes
internal import DumpRecords

extension Architecture {
  /// r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax **rip** cs eflags **rsp** …
  package static let x86_64 = Architecture(
    identity: MachineIdentity(
      name: "x86_64", machines: [.x86_64], classes: ELFClass.allCases, order: .little,
      wordSize: 8, systemNames: ["x86_64"], family: "x86_64*", statusSize: 336),
    registers: RegisterPlaces(programCounter: 16, stackPointer: 19), onlyPageSize: nil,
    integerAlignment: 8, linearMap: wideLinearMap,
    pageTable: PageTable.x86_64, furtherMapping: nil,
    // The direct map moves with KASLR (`arch/x86/include/asm/page_64.h`).
    directMapVariable: DirectMapVariable(
      symbol: "page_offset_base", usual: 0xffff_8880_0000_0000, range: 1 << 63..<kernelMap,
      alignment: 1 << 30),
    needsImageLoad: true, physicalBase: .number("phys_base"), buildsCoreHeader: false,
    backupRegion: .kexecToolsAlways, absenceOfPurgatory: nil, hypervisor: .floatingPoint)

  /// ebx ecx edx esi edi ebp eax ds es fs gs orig_eax **eip** cs eflags **esp** ss. With PAE the
  /// header may be of class 64; the notes keep the kernel's own layout.
  package static let i386 = Architecture(
    identity: MachineIdentity(
      name: "i386", machines: [.i386, .i486], classes: ELFClass.allCases, order: .little,
      wordSize: 4, systemNames: ["i?86"], family: "i?86", statusSize: 144),
    registers: RegisterPlaces(programCounter: 12, stackPointer: 15), onlyPageSize: nil,
    integerAlignment: 4,
    linearMap: { _ in LinearMap([.init(0xc000_0000...0xffff_ffff, minus: 0xc000_0000)]) },
    pageTable: PageTable.i386, furtherMapping: nil,
    directMapVariable: nil, needsImageLoad: false, physicalBase: .zero, buildsCoreHeader: false,
    backupRegion: .kexecTools, absenceOfPurgatory: nil, hypervisor: .floatingPoint)

  /// Where the kernel image is mapped: `__START_KERNEL_map`.
  private static let kernelMap: UInt64 = 0xffff_ffff_8000_0000

  /// `phys_base` may be negative; with KASLR the symbols are moved already
  /// (`arch/x86/include/asm/page_64.h`).
  @Sendable private static func wideLinearMap(_ information: VMCoreInfo) -> LinearMap? {
    information.number("phys_base").map { base in
      LinearMap([.init(kernelMap ... .max, minus: kernelMap &- base, isDirectMap: false)])
    }
  }
}
