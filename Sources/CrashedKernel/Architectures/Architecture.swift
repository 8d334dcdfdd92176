package import Bytes
package import DumpRecords

/// What depends on the crashed machine's processor: its name, and where its registers stand in
/// `struct elf_prstatus` (`include/linux/elfcore.h`, `arch/*/include/asm/elf.h`).
package struct Architecture: Sendable {
  /// What `uname -m` prints.
  package let name: String
  /// Whether a core header is one of this architecture.
  package let matches: @Sendable (ELFMachine, ELFClass, ByteOrder) -> Bool
  /// Size of a register of the kernel in bytes, whatever the class of the header.
  package let wordSize: Int
  /// Offset in the register set of the program counter, in bytes.
  package let programCounter: Int
  /// Offset in the register set of the stack pointer, in bytes.
  package let stackPointer: Int
  /// The page size of every kernel of the architecture, where there is only one.
  package let onlyPageSize: UInt64?

  /// Every architecture; the first match is the one.
  package static let all: [Architecture] = [
    .x86_64, .i386, .aarch64, .arm, .ppc64, .ppc64le, .riscv64, .loongarch64,
    .mips, .mipsel, .mips64, .mips64el, .s390x,
  ]

  /// The architecture of a core header, or nil where none is known.
  package static func of(_ header: CoreHeader) -> Architecture? {
    all.first { $0.matches(header.header.machine, header.elfClass, header.order) }
  }

  /// Offset of `pr_pid` in `struct elf_prstatus`.
  package var processIdentifierOffset: Int { wordSize == 8 ? 32 : 24 }

  /// Offset of `pr_reg` in `struct elf_prstatus`.
  package var registersOffset: Int { wordSize == 8 ? 112 : 72 }

  /// An architecture whose registers are words in a row, found by their place in the row.
  init(
    _ name: String, machines: [ELFMachine], classes: [ELFClass] = ELFClass.allCases,
    order: ByteOrder, wordSize: Int, programCounter: Int, stackPointer: Int,
    onlyPageSize: UInt64? = nil
  ) {
    self.name = name
    matches = { machines.contains($0) && classes.contains($1) && $2 == order }
    self.wordSize = wordSize
    self.onlyPageSize = onlyPageSize
    self.programCounter = programCounter * wordSize
    self.stackPointer = stackPointer * wordSize
  }
}

/// The state of one CPU, from its `NT_PRSTATUS` note.
package struct ProcessorState: Equatable, Sendable {
  /// `pr_pid`: the task that ran (on s390x a running number); nil where the registers are a
  /// hypervisor's, who knows no tasks (QEMU `target/*/arch_dump.c` counts the CPUs there, from 1).
  package var processIdentifier: UInt32?
  package var programCounter: UInt64
  package var stackPointer: UInt64

  /// Reads a note's description; nil where it is too short for the architecture.
  package init?(_ description: [UInt8], architecture: Architecture, order: ByteOrder) {
    let reader = ByteReader(description, order: order)
    func word(at offset: Int) -> UInt64? {
      architecture.wordSize == 8
        ? try? reader.peek(at: architecture.registersOffset + offset, UInt64.self)
        : (try? reader.peek(at: architecture.registersOffset + offset, UInt32.self))
          .map { UInt64($0) }
    }
    guard let pid = try? reader.peek(at: architecture.processIdentifierOffset, UInt32.self),
      let counter = word(at: architecture.programCounter),
      let stack = word(at: architecture.stackPointer)
    else { return nil }
    processIdentifier = pid
    programCounter = counter
    stackPointer = stack
  }
}
