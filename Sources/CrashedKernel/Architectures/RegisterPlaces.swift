package import Bytes

/// Where registers stand in `struct elf_prstatus` (`include/linux/elfcore.h`,
/// `arch/*/include/asm/elf.h`): words in a row behind a head that depends on the word alone.
package struct RegisterPlaces: Equatable, Sendable {
  /// Place in the row of the program counter.
  package let programCounter: Int
  /// Place in the row of the stack pointer.
  package let stackPointer: Int

  /// Two registers by their places in the row.
  package init(programCounter: Int, stackPointer: Int) {
    self.programCounter = programCounter
    self.stackPointer = stackPointer
  }

  /// Offset of `pr_pid`, in bytes.
  package static func processIdentifier(wordSize: Int) -> Int { wordSize == 8 ? 32 : 24 }

  /// Offset of `pr_reg`, in bytes.
  package static func registers(wordSize: Int) -> Int { wordSize == 8 ? 112 : 72 }
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
    let wordSize = architecture.wordSize
    let start = RegisterPlaces.registers(wordSize: wordSize)
    func register(_ number: Int) -> UInt64? {
      let offset = start + number * wordSize
      return wordSize == 8
        ? try? reader.peek(at: offset, UInt64.self)
        : (try? reader.peek(at: offset, UInt32.self)).map { UInt64($0) }
    }
    guard
      let pid = try? reader.peek(
        at: RegisterPlaces.processIdentifier(wordSize: wordSize), UInt32.self),
      let counter = register(architecture.registers.programCounter),
      let stack = register(architecture.registers.stackPointer)
    else { return nil }
    processIdentifier = pid
    programCounter = counter
    stackPointer = stack
  }
}
