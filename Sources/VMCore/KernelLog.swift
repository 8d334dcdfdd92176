internal import Bytes
internal import CrashedKernel
internal import Handover
internal import MemoryImages

/// The dead kernel's log, record by record, the oldest first.
///
/// ```swift
/// var log = try KernelLog(imageAt: "image.bin")
/// while let record = try log.next() { print(String(decoding: record.text, as: UTF8.self)) }
/// ```
public struct KernelLog: Sendable {
  /// The image's name.
  public let image: String
  /// How this kernel keeps its log.
  public let form: Form
  private var log: CrashedKernel.KernelLog

  /// How kernels keep their log.
  public enum Form: String, Sendable, CaseIterable {
    /// The lockless ring of Linux 5.10 and later.
    case ring
    /// The buffer of records of Linux 3.5 to 5.9.
    case records
    /// The text of earlier kernels.
    case text
  }

  /// What a record says of its importance, the most important first.
  public enum Level: String, Sendable, CaseIterable {
    /// `KERN_EMERG`
    case emerg
    /// `KERN_ALERT`
    case alert
    /// `KERN_CRIT`
    case crit
    /// `KERN_ERR`
    case err
    /// `KERN_WARNING`
    case warn
    /// `KERN_NOTICE`
    case notice
    /// `KERN_INFO`
    case info
    /// `KERN_DEBUG`
    case debug
  }

  /// Who wrote a record, where kernels note that.
  public enum Caller: Equatable, Sendable {
    /// A task by its number.
    case task(UInt32)
    /// A processor by its number.
    case processor(UInt32)
  }

  /// How much of a record is there.
  public enum Condition: String, Sendable, CaseIterable {
    /// All of it.
    case whole
    /// All that was written; its writer could have gone on.
    case unfinished
    /// The start of its text.
    case cut
    /// All of it: its text is empty.
    case empty
    /// Everything but its text.
    case lost
  }

  /// One record.
  public struct Record: Equatable, Sendable {
    /// Counted from the kernel's start; nil where the log does not tell.
    public let sequence: UInt64?
    /// Nanoseconds since the kernel's clock began; nil where it has no time.
    public let nanoseconds: UInt64?
    /// The number that syslog gives its writer's kind, 0 for the kernel; nil where it has none.
    public let facility: UInt8?
    /// nil where it has none.
    public let level: Level?
    /// nil where kernels do not note it.
    public let caller: Caller?
    /// The text, of which lines may be parted by line ends; not escaped.
    public let text: [UInt8]
    /// Its dictionary: the subsystem and the device that it is about.
    public let fields: [CrashReport.Field]
    /// How much of it is there.
    public let condition: Condition
    /// What stands before the text in the log itself, in those of kernels before 3.5.
    let prefix: [UInt8]?
  }

  /// Opens an image and finds the log of the kernel that crashed, whether or not there is a core
  /// header.
  public init(
    imageAt path: String, options: CrashDumpOptions = CrashDumpOptions(),
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(VMCoreError) {
    let (image, searchOptions) = try options.open(path, isCancelled: isCancelled)
    let kernel: Kernel
    do throws(SearchError) {
      kernel = try SystemFinder.kernel(in: image, searchOptions)
    } catch {
      throw VMCoreError(error, image: image.name)
    }
    try self.init(of: kernel, image: image.name)
  }

  init(of kernel: Kernel, image: String) throws(VMCoreError) {
    let answer: Answer<CrashedKernel.KernelLog>
    do throws(ReadError) { answer = try CrashedKernel.KernelLog.read(kernel) } catch {
      throw VMCoreError(error)
    }
    switch answer {
    case .found(let log):
      self.image = image
      self.log = log
      form = Form(log.form)
    case .absent(let why), .corrupt(let why):
      throw VMCoreError(.unusable, "\(image): the kernel's log cannot be read: \(why)")
    }
  }

  /// The next record; nil at the end.
  public mutating func next() throws(VMCoreError) -> Record? {
    do throws(ReadError) { return try log.next().map(Record.init) } catch {
      throw VMCoreError(error)
    }
  }

  /// What is not sound of what has been read so far, one line each, the first ones only.
  public var damage: [String] { log.damage.findings }
  /// How much is not sound.
  public var damageCount: Int { log.damage.count }
  /// Records that were being written when the machine stopped: they hold nothing yet.
  public var unfinished: Int { log.damage.unfinished }
  /// Records that were being overwritten.
  public var overwritten: Int { log.damage.overwritten }
}

extension KernelLog.Form {
  init(_ form: CrashedKernel.KernelLog.Form) {
    self =
      switch form {
      case .ring: .ring
      case .records: .records
      case .text: .text
      }
  }
}

extension KernelLog.Level {
  /// The level of a number, 0 to 7.
  public init?(number: UInt8) {
    guard number < KernelLog.Level.allCases.count else { return nil }
    self = KernelLog.Level.allCases[Int(number)]
  }

  /// Its number, 0 for the most important one.
  public var number: UInt8 {
    UInt8(KernelLog.Level.allCases.firstIndex(of: self) ?? 0)
  }
}

extension KernelLog.Record {
  init(_ record: LogRecord) {
    sequence = record.sequence
    nanoseconds = record.time
    facility = record.facility
    level = record.level.flatMap(KernelLog.Level.init(number:))
    caller = record.caller.map { caller in
      switch caller {
      case .task(let number): .task(number)
      case .processor(let number): .processor(number)
      }
    }
    text = record.text
    fields = record.fields.map {
      CrashReport.Field(
        name: String(decoding: $0.name, as: UTF8.self),
        value: String(decoding: $0.value, as: UTF8.self))
    }
    condition =
      switch record.condition {
      case .whole: .whole
      case .unfinished: .unfinished
      case .cut: .cut
      case .empty: .empty
      case .lost: .lost
      }
    prefix = record.prefix
  }
}

extension CrashDump {
  /// The crashed kernel's log.
  ///
  /// - Throws: ``VMCoreError`` of kind `unusable` where it cannot be found.
  public func log() throws(VMCoreError) -> KernelLog {
    guard let kernel = system.kernel else {
      throw VMCoreError(
        .unusable, "\(image.name): the kernel's log cannot be read: \(Kernel.absence)")
    }
    return try KernelLog(of: kernel, image: image.name)
  }
}
