/// What lies where in a machine's physical memory, for a picture of it.
///
/// ```swift
/// for part in try CrashDump(imageAt: "image.bin").map.parts { print(part.kind, part.ranges) }
/// ```
public struct MemoryMap: Equatable, Sendable {
  /// What a range of memory is. Where several things lie at one address, the first one of this list
  /// is what one has to see.
  public enum Kind: String, Sendable, CaseIterable {
    /// The core header with its room.
    case header
    /// Notes: the CPUs' registers and vmcoreinfo.
    case notes
    /// What the purgatory moves, at its old place and in the backup region.
    case backup
    /// Memory of the dump that the image lacks.
    case missing
    /// Pages that a filter left out of the image.
    case leftOut = "left out"
    /// The crashed kernel's image.
    case kernel
    /// Memory that is reserved for the second kernel.
    case crash = "crash region"
    /// Memory of the dump that reads as zeros without being stored.
    case zero = "not stored"
    /// Memory of the dump.
    case ram = "memory"
    /// What the image has besides.
    case other = "in no load"
  }

  /// All memory of one kind.
  public struct Part: Equatable, Sendable {
    /// What it is.
    public let kind: Kind
    /// Where it lies, ascending, half open.
    public let ranges: [Range<UInt64>]

    /// Number of bytes.
    public var size: UInt64 { ranges.reduce(0) { $0 &+ ($1.upperBound - $1.lowerBound) } }
  }

  /// The image's name.
  public let image: String
  /// What there is, in the order of ``Kind``.
  public let parts: [Part]

  /// Stretches of addresses in which something lies, with what is between them left out where that
  /// is more than all of memory.
  public var stretches: [Range<UInt64>] {
    let all = parts.flatMap(\.ranges).sorted { $0.lowerBound < $1.lowerBound }
    let held = parts.filter { $0.kind == .ram || $0.kind == .other }.reduce(0) { $0 &+ $1.size }
    var stretches: [Range<UInt64>] = []
    for range in all {
      if let last = stretches.last,
        range.lowerBound <= last.upperBound || range.lowerBound - last.upperBound <= held
      {
        stretches[stretches.count - 1] =
          last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        stretches.append(range)
      }
    }
    return stretches
  }
}
