internal import Bytes
internal import CoreWriting
internal import CrashedKernel
internal import DumpRecords
internal import Handover
internal import MemoryImages

/// What was found in an image, and what its vmcore will be: plain values, for people and for
/// `info --json`.
///
/// ```swift
/// for warning in dump.report.warnings { print("warning:", warning) }
/// ```
public struct CrashReport: Sendable {
  public var image: Image
  public var system: System
  public var header: Header
  public var vmcore: Core
  /// What an s390x kernel left beside the vmcore; nil on other machines.
  public var s390: S390?
  /// One line for each way of finding the core header.
  public var locators: [Locator]
  /// Every look-alike of the core header that was seen.
  public var candidates: [Candidate]
  /// What the user must know.
  public var warnings: [String]
  /// Whether the vmcore lacks something that the core header promised.
  public var isPartial: Bool

  /// The file.
  public struct Image: Sendable {
    public var name: String
    public var format: String
    /// How the file lies in memory, in words.
    public var layout: String
    /// Whether the layout was found by evidence instead of being given.
    public var isLayoutFound: Bool
    /// Bytes that the image holds.
    public var size: UInt64
    /// What was done to read the file at all.
    public var notices: [String]
  }

  /// The crashed system.
  public struct System: Sendable {
    /// As `uname -m` prints it; nil where it is not known.
    public var architecture: String?
    /// `e_machine`.
    public var machine: UInt16
    /// 32 or 64: the class of the core header.
    public var bits: Int
    /// `little` or `big`.
    public var byteOrder: String
    public var pageSize: UInt64
    /// `uname -r`.
    public var release: String?
    public var buildID: String?
    /// Seconds since 1970.
    public var crashTime: UInt64?
    /// What the image shows, and what that rests on.
    public var moment: String
    public var momentEvidence: String
    public var processors: [Processor]
    /// Main keys of vmcoreinfo, in the order of the text.
    public var vmcoreinfo: [(key: String, value: String)]
  }

  /// One CPU.
  public struct Processor: Sendable {
    public var number: Int
    /// Physical address of its notes.
    public var noteAddress: UInt64
    /// nil where no registers were saved.
    public var registers: Registers?
  }

  /// The registers that tell where a CPU was.
  public struct Registers: Sendable {
    /// The task that ran; nil where a hypervisor wrote the notes, who knows no tasks.
    public var processIdentifier: UInt32?
    public var programCounter: UInt64
    public var stackPointer: UInt64
  }

  /// The core header in the image.
  public struct Header: Sendable {
    /// nil where the header was built, since the image holds none.
    public var address: UInt64?
    /// The reserved region as `elfcorehdr=` takes it: `size@address`.
    public var region: String?
    public var regionSize: UInt64?
    /// Whether the header that a dump file brings along is kept.
    public var isKept: Bool
    public var producer: String
    public var producerEvidence: String
    public var namedBy: [String]
    /// The memory that the purgatory moves, where it moves any.
    public var backup: String?
  }

  /// The vmcore.
  public struct Core: Sendable {
    public var size: UInt64
    public var compatibility: String
    public var noteSize: UInt64
    public var loads: [Load]
    /// Physical memory that the image lacks, half open.
    public var missing: [Range<UInt64>]
  }

  /// One PT_LOAD of the vmcore.
  public struct Load: Sendable {
    public var offset: UInt64
    public var virtualAddress: UInt64
    public var physicalAddress: UInt64
    public var size: UInt64
  }

  /// What one way of finding the core header answered.
  public struct Locator: Sendable {
    public var name: String
    /// `absent`, `found` or `corrupt`.
    public var answer: String
    public var detail: String
  }

  /// One look-alike.
  public struct Candidate: Sendable {
    public var address: UInt64
    /// nil for the one that was chosen.
    public var rejection: String?
    public var namedBy: [String]
  }
}
