package import Bytes

/// The registers of an x86 CPU in a note "QEMU": `QEMUCPUState`, little-endian. Source: QEMU
/// `target/i386/arch_dump.c`.
package struct QEMUProcessor: Equatable, Sendable {
  package var version: UInt32  // version, 1
  package var registers: [UInt64]  // rax rbx rcx rdx rsi rdi rsp rbp r8 … r15 rip rflags
  package var segments: [Segment]  // cs ds es fs gs ss ldt tr gdt idt
  package var controlRegisters: [UInt64]  // cr[5]
  package var kernelGSBase: UInt64  // kernel_gs_base; 0 before QEMU 2.5

  /// `QEMUCPUSegment`
  package struct Segment: Equatable, Sendable {
    package var selector: UInt32  // selector
    package var limit: UInt32  // limit
    package var flags: UInt32  // flags
    package var base: UInt64  // base

    /// A segment from its fields.
    package init(selector: UInt32, limit: UInt32, flags: UInt32, base: UInt64) {
      self.selector = selector
      self.limit = limit
      self.flags = flags
      self.base = base
    }
  }

  /// Bytes of the structure in its newest form.
  package static let size = 440
  /// The byte order of the note.
  package static let order = ByteOrder.little
  private static let registerCount = 18
  private static let segmentCount = 10
  private static let controlCount = 5

  /// A state from its fields.
  package init(
    registers: [UInt64], segments: [Segment], controlRegisters: [UInt64], kernelGSBase: UInt64
  ) {
    version = 1
    self.registers = registers
    self.segments = segments
    self.controlRegisters = controlRegisters
    self.kernelGSBase = kernelGSBase
  }

  /// Reads a state.
  package init(from reader: inout ByteReader) throws(ShortRecord) {
    let start = reader.position
    version = try reader.read()
    let size = try reader.read(UInt32.self)
    registers = []
    for _ in 0..<QEMUProcessor.registerCount { registers.append(try reader.read()) }
    segments = []
    for _ in 0..<QEMUProcessor.segmentCount {
      let selector = try reader.read(UInt32.self)
      let limit = try reader.read(UInt32.self)
      let flags = try reader.read(UInt32.self)
      try reader.skip(4)
      segments.append(
        Segment(selector: selector, limit: limit, flags: flags, base: try reader.read()))
    }
    controlRegisters = []
    for _ in 0..<QEMUProcessor.controlCount { controlRegisters.append(try reader.read()) }
    let isNew = Int(size) >= reader.position - start + 8
    kernelGSBase = isNew ? try reader.read() : 0
  }

  /// Appends the state in its newest form.
  package func write(to writer: inout ByteWriter) {
    writer.write(version)
    writer.write(UInt32(QEMUProcessor.size))
    for register in registers { writer.write(register) }
    for segment in segments {
      writer.write(segment.selector)
      writer.write(segment.limit)
      writer.write(segment.flags)
      writer.write(UInt32(0))
      writer.write(segment.base)
    }
    for register in controlRegisters { writer.write(register) }
    writer.write(kernelGSBase)
  }

  /// The same registers as NT_PRSTATUS has them, `struct elf_prstatus`, of a CPU with that number;
  /// in the layout of a word size.
  package func processStatus(number: Int, wordSize: Int) -> [UInt8] {
    let isWide = wordSize == 8
    var writer = ByteWriter(order: QEMUProcessor.order)
    writer.pad(to: isWide ? 32 : 24)
    writer.write(UInt32(truncatingIfNeeded: number + 1))  // pr_pid, as QEMU counts
    writer.pad(to: isWide ? 112 : 72)
    for register in isWide ? wideRegisters : narrowRegisters {
      writer.writeWord(register, size: wordSize)
    }
    writer.pad(to: isWide ? 336 : 144)
    return writer.bytes
  }

  /// `struct user_regs_struct` of x86_64.
  private var wideRegisters: [UInt64] {
    let order = [15, 14, 13, 12, 7, 1, 11, 10, 9, 8, 0, 2, 3, 4, 5]
    let tail = [registers[16], selector(0), registers[17], registers[6], selector(5)]
    return order.map { registers[$0] } + [0] + tail
      + [segments[3].base, segments[4].base]
      + [selector(1), selector(2), selector(3), selector(4)]
  }

  /// `struct user_regs_struct` of i386.
  private var narrowRegisters: [UInt64] {
    let order = [1, 2, 3, 4, 5, 7, 0]
    return order.map { registers[$0] } + [selector(1), selector(2), selector(3), selector(4), 0]
      + [registers[16], selector(0), registers[17], registers[6], selector(5)]
  }

  private func selector(_ index: Int) -> UInt64 { UInt64(segments[index].selector) }
}
