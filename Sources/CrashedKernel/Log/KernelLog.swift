package import Bytes
internal import DumpRecords

/// The log that a kernel has kept in its memory, in the form of its release. Records are read one
/// after the other: a log of any length takes no more memory than a short one.
package struct KernelLog: Sendable {
  /// How kernels keep their log.
  package enum Form: String, Sendable, CaseIterable {
    /// The lockless ring of 5.10 and later.
    case ring
    /// The buffer of records of 3.5 to 5.9.
    case records
    /// Text, before.
    case text
  }

  /// How this kernel keeps it.
  package let form: Form
  private var reader: any LogReader

  private init(_ form: Form, _ reader: any LogReader) {
    self.form = form
    self.reader = reader
  }

  /// The log of a kernel, from its oldest record on.
  package static func read(_ kernel: Kernel) throws(ReadError) -> Answer<KernelLog> {
    switch try form(of: kernel) {
    case .ring:
      return try LogRing.read(kernel).then { ring throws(ReadError) in
        .found(KernelLog(.ring, try LogRingReader(ring)))
      }
    case .records:
      return try LogBuffer.read(kernel).then { .found(KernelLog(.records, LogBufferReader($0))) }
    case .text:
      return try LogText.read(kernel).then { .found(KernelLog(.text, LogTextReader($0))) }
    }
  }

  /// The variables that vmcoreinfo names tell the form; else that of the newest kernels is tried,
  /// which carry their symbol table.
  private static func form(of kernel: Kernel) throws(ReadError) -> Form {
    let information = kernel.information
    if information.symbol("prb") != nil { return .ring }
    if information.symbol("log_first_idx") != nil { return .records }
    return information.symbol("log_end") != nil ? .text : .ring
  }

  /// The next record; nil at the end.
  package mutating func next() throws(ReadError) -> LogRecord? { try reader.next() }

  /// What is not sound of what has been read so far.
  package var damage: LogDamage { reader.damage }
}
