internal import Bytes

/// An open descriptor that an output goes to, and what was found out about it. It is written in one
/// of two ways: in place, or in order.
package struct OutputDescriptor: Sendable {
  let descriptor: Int32
  /// What messages call it.
  package let name: String
  /// Where the output begins in a file that can be written in place; nil where bytes are taken in
  /// order alone.
  let start: UInt64?
  /// Whether what is never written reads as zero: nothing is behind `start` yet.
  let leavesHoles: Bool
  /// Watches and stops the run.
  let monitor: WriteMonitor

  /// A pipe, a socket, a device, or a file that is appended to.
  package init(inOrder descriptor: Int32, name: String, monitor: WriteMonitor) {
    self.descriptor = descriptor
    self.name = name
    start = nil
    leavesHoles = false
    self.monitor = monitor
  }

  /// A regular file from an offset on. Where it already holds something there, `leavesHoles` must be
  /// false.
  package init(
    inPlace descriptor: Int32, name: String, start: UInt64 = 0, leavesHoles: Bool,
    monitor: WriteMonitor
  ) {
    self.descriptor = descriptor
    self.name = name
    self.start = start
    self.leavesHoles = leavesHoles
    self.monitor = monitor
  }

  /// The way in place; nil where there is none.
  ///
  /// - Parameter size: bytes of the output, where they are known.
  package func placed(size: UInt64? = nil, hasDigest: Bool = false) -> PlacedOutput? {
    start.map { PlacedOutput(self, from: $0, size: size, hasDigest: hasDigest) }
  }

  /// What was written in order already, as a file whose bytes can be replaced; nil where it is none,
  /// or where that shall not be.
  func written() -> PlacedOutput? {
    guard monitor.keepsPartial, let start else { return nil }
    let target = OutputDescriptor(
      inPlace: descriptor, name: name, start: start, leavesHoles: false, monitor: monitor)
    return target.placed()
  }

  /// The way in order.
  ///
  /// - Parameter size: bytes of the output, where they are known.
  package func ordered(size: UInt64? = nil, hasDigest: Bool = false) -> OrderedOutput {
    OrderedOutput(self, size: size, hasDigest: hasDigest)
  }
}
