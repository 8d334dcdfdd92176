internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// Where a core header lies on nearly every machine: in the memory that was kept free for the second
/// kernel, which is taken from below a few addresses (`reserve_crashkernel`,
/// `kernel/crash_reserve.c` and the architectures' own before Linux 6.6).
struct LikelyPlaces {
  /// Parts of memory that are looked at one after another, none of them twice. They begin and end
  /// with pages or with the memory.
  private(set) var parts: [RangeSet] = []

  /// What is looked at in one step.
  private static let step: UInt64 = 32 << 20
  /// How far below an end.
  private static let steps: UInt64 = 16
  /// Where 32 bits end, and with them what devices reach.
  private static let lowEnd: UInt64 = 1 << 32
  /// `CRASH_ADDR_LOW_MAX` of x86_64 before Linux 5.2; the end of low memory of 32-bit machines.
  private static let oldEnd: UInt64 = 896 << 20
  /// ppc64's region begins at 128 MiB (`KDUMP_KERNELBASE`, `arch/powerpc/kexec/core.c`).
  private static let powerEnd = (128 << 20) + step * steps

  /// The likely places of a memory.
  ///
  /// - Parameters:
  ///   - isOpen: whether addresses are offsets in a file that may have holes nobody tells.
  ///   - maps: what is known of the machine's memory.
  init(_ memory: PhysicalMemory, isOpen: Bool, maps: [FirmwareMap]) {
    var left = RangeSet(memory.regions.map(\.range))
    guard let end = left.ranges.last?.upperBound else { return }
    let low = LikelyPlaces.lowEnds(of: left, end, isOpen: isOpen, maps) + [end]
    let old = [LikelyPlaces.oldEnd, LikelyPlaces.powerEnd].filter { $0 < end }
    for ends in [low, old] {
      for distance in stride(from: 0, to: LikelyPlaces.steps, by: 1) {
        for end in ends {
          let (below, above) = (LikelyPlaces.step * (distance + 1), LikelyPlaces.step * distance)
          guard end > above else { continue }
          let range = (end - min(end, below)).roundedDown(to: 4096)..<(end - above)
          let part = left.clamped(to: range)
          left = left.subtracting(part)
          if !part.ranges.isEmpty { parts.append(part) }
        }
      }
    }
  }

  /// Where memory below 4 GiB may end.
  private static func lowEnds(
    of memory: RangeSet, _ end: UInt64, isOpen: Bool, _ maps: [FirmwareMap]
  ) -> [UInt64] {
    let low = 0..<min(end, lowEnd)
    guard isOpen, end > low.upperBound || MachinePreset.all.contains(where: { $0.lowEnd < end })
    else {
      return [memory.clamped(to: low).ranges.last?.upperBound].compactMap(\.self).filter {
        $0 < end && $0 % 4096 == 0
      }
    }
    // No hole is below the first one, so its start is an offset, too.
    var ends: [UInt64] = []
    let told = maps.prefix(mostMaps).compactMap {
      $0.memory.clamped(to: low).ranges.last?.upperBound
    }
    for place in told + MachinePreset.all.map(\.lowEnd)
    where place < end && place % 4096 == 0 && !ends.contains(place) {
      ends.append(place)
    }
    return ends
  }

  /// Maps that are asked: a machine has two or three.
  private static let mostMaps = 4
}

extension Scene {
  /// Where a core header is likely. The first megabyte is looked at before: a PC's map of its memory
  /// tells where low memory ends.
  func likelyPlaces() throws(ReadError) -> LikelyPlaces {
    let image = try searchedImage()
    guard image.layoutIsOpen else {
      return LikelyPlaces(image.memory, isOpen: false, maps: [])
    }
    try scan(RangeSet(image.memory.regions.map(\.range)).clamped(to: 0..<1 << 20))
    return LikelyPlaces(image.memory, isOpen: true, maps: FirmwareMap.all(of: try begunEvidence()))
  }
}
