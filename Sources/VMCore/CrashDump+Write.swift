extension CrashDump {
  /// Writes the vmcore to a new file (``OutputTarget/file(path:mayReplace:)``).
  ///
  /// - Parameters:
  ///   - mayReplace: whether an existing file is replaced.
  ///   - output: the form of the file.
  @discardableResult
  public func write(
    toFileAt path: String, as output: OutputOptions = OutputOptions(), mayReplace: Bool = false,
    control: WriteControl = WriteControl()
  ) throws(VMCoreError) -> WrittenOutput {
    try plan(output).write(to: .file(path: path, mayReplace: mayReplace), control: control)
  }

  /// Writes the vmcore to an open descriptor: a regular file at its present offset, or a stream.
  ///
  /// - Parameter name: what messages call it.
  @discardableResult
  public func write(
    toDescriptor descriptor: Int32, name: String, as output: OutputOptions = OutputOptions(),
    control: WriteControl = WriteControl()
  ) throws(VMCoreError) -> WrittenOutput {
    try plan(output).write(to: .descriptor(descriptor, name: name), control: control)
  }
}
