internal import CoreWriting

extension CrashDump {
  /// Writes the vmcore to a file without a name: for programs that want a path where
  /// ``mount(on:showing:)`` cannot be done.
  ///
  /// - Parameters:
  ///   - directory: where the file is stored; nil: in memory.
  ///   - core: what is written of it; nil: all.
  public func copy(
    in directory: String?, _ core: FilteredCore? = nil,
    control: WriteControl = WriteControl()
  ) throws(VMCoreError) -> UnnamedCopy {
    let file: UnnamedFile
    do throws(WriteError) {
      if let directory {
        file = try UnnamedFile(in: directory)
      } else {
        file = try UnnamedFile()
      }
    } catch {
      throw VMCoreError(error)
    }
    let planned: PlannedOutput
    if let core { planned = PlannedOutput(core, of: self) } else { planned = try plan() }
    try planned.write(
      to: .descriptor(
        file.descriptor, name: directory.map { "\($0): temporary file" } ?? "memory"),
      control: control)
    return UnnamedCopy(file)
  }
}

/// A vmcore in a file without a name, which is gone when this value or the process is.
public final class UnnamedCopy: Sendable {
  private let file: UnnamedFile

  init(_ file: UnnamedFile) {
    self.file = file
  }

  /// A path under which other programs can open it while this process lives.
  public var path: String { file.path }
}
