/// What was found in an image, and what its vmcore will be: plain values, for people and for
/// `info --json`. Addresses are physical and sizes are bytes, where nothing else is said.
///
/// ```swift
/// for warning in dump.report.warnings { print("warning:", warning) }
/// ```
public struct CrashReport: Equatable, Sendable {
  /// The file.
  public let image: Image
  /// The crashed system.
  public let system: System
  /// The core header.
  public let header: Header
  /// The vmcore to be made.
  public let vmcore: Core
  /// What an s390x kernel left beside the vmcore; nil on other machines.
  public let s390: S390?
  /// Why the machine died, as the kernel's log says it; nil where that cannot be read, or was not
  /// asked for with ``CrashDumpOptions/isThorough``.
  public let log: Log?
  /// One line for each way of finding the core header.
  public let locators: [Locator]
  /// Every look-alike of the core header that was seen.
  public let candidates: [Candidate]
  /// What the user must know.
  public let warnings: [Message]
  /// Whether the vmcore lacks something that the core header promised.
  public let isPartial: Bool
  /// Whether it has any memory.
  public let holdsMemory: Bool

  /// The file.
  public struct Image: Equatable, Sendable {
    /// Its name as it was given.
    public let name: String
    /// The format as which it was read.
    public let format: String
    /// How the file lies in memory, in words.
    public let layout: String
    /// Whether the layout was found by evidence instead of being given.
    public let isLayoutFound: Bool
    /// Bytes of memory that the image holds.
    public let size: UInt64
    /// What was done to read the file at all.
    public let notices: [String]
  }

  /// The crashed system.
  public struct System: Equatable, Sendable {
    /// nil where it is not known.
    public let architecture: Architecture?
    /// `e_machine`.
    public let machine: UInt16
    /// 32 or 64: the class of the core header.
    public let bits: Int
    /// How the machine's integers lie in memory.
    public let byteOrder: ByteOrder
    /// Size in bytes of the second kernel's pages, to which the vmcore is padded.
    public let pageSize: UInt64
    /// `uname -r`.
    public let release: String?
    /// The kernel's build ID in hexadecimal.
    public let buildID: String?
    /// Seconds since 1970.
    public let crashTime: UInt64?
    /// What the image shows.
    public let moment: Moment
    /// What ``moment`` rests on, in words.
    public let momentEvidence: Message
    /// Every CPU that has notes, in the order of the core header.
    public let processors: [Processor]
    /// Main keys of vmcoreinfo with their values, in a fixed order.
    public let vmcoreinfo: [Field]
  }

  /// What the kernel's log says of its end. Texts are as they stand there, not escaped.
  public struct Log: Equatable, Sendable {
    /// How the kernel keeps its log.
    public let form: KernelLog.Form
    /// What stands behind `Kernel panic - not syncing: `.
    public let panic: String?
    /// The last line that counts an oops.
    public let oops: String?
    /// The last line that says what was wrong.
    public let cause: String?
    /// The letters of the flags that taint the kernel, or `Not tainted`, as it last said them.
    public let taint: String?
    /// Whether something of the log is not sound.
    public let isDamaged: Bool
  }

  /// A value with its name.
  public struct Field: Equatable, Sendable {
    /// The name that the kernel gives it.
    public let name: String
    /// The value as text.
    public let value: String
  }

  /// How integers lie in memory.
  public enum ByteOrder: String, Sendable, CaseIterable {
    /// The lowest byte first.
    case little
    /// The highest byte first.
    case big
  }

  /// A moment between two kernels.
  public enum Moment: String, Sendable, CaseIterable {
    /// The first kernel runs or hangs: no crash path was entered.
    case running
    /// The crash path was entered; the purgatory has not run, so nothing was moved.
    case before = "crashed, second kernel not started"
    /// The purgatory has run: what it moves is in the backup region.
    case after = "second kernel started"
    /// Crashed, and nothing in the image depends on whether the second kernel has started.
    case crashed
    /// Nothing tells.
    case unknown
  }

  /// One CPU.
  public struct Processor: Equatable, Sendable {
    /// Counted from 0 in the order of the core header.
    public let number: Int
    /// Physical address of its notes.
    public let noteAddress: UInt64
    /// nil where no registers were saved.
    public let registers: Registers?
  }

  /// The registers that tell where a CPU was.
  public struct Registers: Equatable, Sendable {
    /// The task that ran; nil where a hypervisor wrote the notes, who knows no tasks.
    public let processIdentifier: UInt32?
    /// Virtual address of the next instruction.
    public let programCounter: UInt64
    /// Virtual address of the end of the stack.
    public let stackPointer: UInt64
  }

  /// The core header in the image.
  public struct Header: Equatable, Sendable {
    /// Its physical address; nil where it was built, since the image holds none.
    public let address: UInt64?
    /// The reserved region as `elfcorehdr=` takes it: `size@address`.
    public let region: String?
    /// Bytes of that region, where they are known.
    public let regionSize: UInt64?
    /// Whether the header that a dump file brings along is kept.
    public let isKept: Bool
    /// Who wrote it.
    public let producer: Producer
    /// What ``producer`` rests on, in words.
    public let producerEvidence: Message
    /// What in the image names its address.
    public let namedBy: [String]
    /// The memory that the purgatory moves, where it moves any.
    public let backup: String?
  }

  /// Who writes core headers.
  public enum Producer: String, Sendable, CaseIterable {
    /// `kexec -p` through `kexec_load`.
    case kexecTools = "kexec-tools"
    /// The kernel itself, through `kexec_file_load`.
    case kernel
    /// Nobody yet: the second kernel would have built it when it starts (s390x).
    case secondKernel = "second kernel"
    /// This library: there is no usable header.
    case standalone = "vmcoregen"
    /// Whoever wrote the dump file: its own header is kept.
    case dumpFile = "dump file"
    /// Nothing tells.
    case unknown
  }

  /// The vmcore.
  public struct Core: Equatable, Sendable {
    /// Bytes of the ELF file.
    public let size: UInt64
    /// The layout of `/proc/vmcore` that it has.
    public let compatibility: Compatibility
    /// Bytes of the merged notes.
    public let noteSize: UInt64
    /// Its memory, in the order of its program headers.
    public let loads: [Load]
    /// Physical memory that the image lacks, half open.
    public let missing: [Range<UInt64>]
  }

  /// One PT_LOAD of the vmcore.
  public struct Load: Equatable, Sendable {
    /// Offset of its bytes in the vmcore.
    public let offset: UInt64
    /// Virtual address of its first byte.
    public let virtualAddress: UInt64
    /// Physical address of its first byte.
    public let physicalAddress: UInt64
    /// Bytes of memory.
    public let size: UInt64
  }

  /// What one way of finding something answered.
  public struct Locator: Equatable, Sendable, CustomStringConvertible {
    /// The way's name.
    public let name: String
    /// What came of it.
    public let answer: Answer
    /// The place that was found, or why there is none, in words.
    public let detail: String

    /// All of it in one line.
    public var description: String { "\(name): \(answer.rawValue): \(detail)" }
  }

  /// What came of looking for something.
  public enum Answer: String, Sendable, CaseIterable {
    /// Nothing is there.
    case absent
    /// It is there.
    case found
    /// Something is there that cannot be true.
    case corrupt
  }

  /// One look-alike.
  public struct Candidate: Equatable, Sendable {
    /// Its physical address.
    public let address: UInt64
    /// The rule that it breaks, and how; nil for the one that was chosen.
    public let rejection: String?
    /// What in the image names its address.
    public let namedBy: [String]
  }
}
