internal import Bytes
internal import CoreWriting
internal import DumpRecords
internal import MemoryImages

/// The copy of the lowest memory that the firmware of an s390x machine made for a stand-alone dumper
/// (zfcpdump): `/proc/vmcore` shows that memory from it, and other partitions wait for it.
public struct HardwareSystemArea: Sendable {
  private let known: MemoryImages.HardwareSystemArea

  /// The area of the running machine; nil where there is none, or it was released.
  ///
  /// - Parameter root: what stands for `/`.
  public init?(root: String = "/") {
    guard let known = MemoryImages.HardwareSystemArea(root: root) else { return nil }
    self.known = known
  }

  /// Bytes of the lowest memory that are in it.
  public var size: UInt64 { known.size }

  /// Gives it back; what is in the way of that, where something is.
  func release() -> String? { known.release() }

  /// The part of a vmcore that is read from it.
  func part(of header: CoreHeader) -> EarlyPart? {
    let parts = header.segments(of: .load).map(\.segment).filter { $0.physicalAddress < size }
      .map { load in
        let length = min(load.fileSize, size - load.physicalAddress)
        return load.offset..<(load.offset.adding(length) ?? load.offset)
      }
    guard let start = parts.map(\.lowerBound).min(), let end = parts.map(\.upperBound).max() else {
      return nil
    }
    return EarlyPart(start..<end, isWritten: release)
  }
}
