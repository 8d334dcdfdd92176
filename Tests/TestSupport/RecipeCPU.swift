/// One CPU of a recipe's machine, and the note it left.
package struct RecipeCPU: Sendable, Equatable {
  /// What a CPU's note buffer holds.
  package enum State: String, Sendable, Equatable {
    /// A register note.
    case running
    /// Nothing: the CPU never came up or did not answer.
    case offline
    /// The CPU has no PT_NOTE.
    case absent
    /// A register note, then one whose size runs over the buffer.
    case damaged
  }

  /// The number of the CPU.
  package var number: Int
  /// What the note buffer holds.
  package var state: State = .running
  /// The program counter.
  package var counter: UInt64 = 0
  /// The stack pointer.
  package var stack: UInt64 = 0
  /// pr_pid.
  package var process: UInt64 = 0
  /// The size of the note buffer; nil: the kernel's.
  package var bufferSize: UInt64?
  /// The physical address of the note buffer; nil: somewhere in RAM.
  package var address: UInt64?
  /// Notes behind the registers.
  package var extraNotes: [RecipeNote] = []
}
