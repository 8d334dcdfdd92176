internal import Bytes
internal import DumpRecords

extension Architecture {
  /// r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax **rip** cs eflags **rsp** …
  package static let x86_64 = Architecture(
    "x86_64", machines: [.x86_64], order: .little, wordSize: 8,
    programCounter: 16, stackPointer: 19)

  /// ebx ecx edx esi edi ebp eax ds es fs gs orig_eax **eip** cs eflags **esp** ss. With PAE the
  /// header may be of class 64; the notes keep the kernel's own layout.
  package static let i386 = Architecture(
    "i386", machines: [.i386, .i486], order: .little, wordSize: 4,
    programCounter: 12, stackPointer: 15)
}
