internal import Bytes
internal import CrashedKernel

/// The free frames of a kernel whose struct pages do not tell them: what its lists hold.
struct FreeListWalk {
  /// A bit for each free frame.
  let bits: FrameBits

  /// Follows the lists.
  init(
    _ census: PageCensus, _ frames: SelectedFrames
  ) throws(SelectionError) {
    let areas: FreeAreas
    switch census.freeAreas {
    case .found(let found): areas = found
    case .absent(let why), .corrupt(let why):
      throw .refused("dump level \(DumpLevel.free) cannot be decided: \(why)")
    }
    // Blocks stand in the lists in any order: bits of a file would be written one by one.
    guard frames.count / 8 <= FrameBits.mostMemory else {
      throw .refused(
        "dump level \(DumpLevel.free) cannot be decided: \(frames.count) pages are too many for a "
          + "kernel that keeps free pages in lists alone")
    }
    var builder: FrameBits.Builder
    do throws(OpenError) { builder = try .init(frames.ranges, mostMemory: .max) } catch {
      throw .noSpace(error)
    }
    let fault = try FreeListWalk.walk(areas, census, frames) { block in
      for part in frames.existing.clamped(to: block).subtracting(census.protected).ranges {
        try? builder.set(part)
      }
    }
    if let fault { throw .refused(Message(fault)) }
    do throws(OpenError) { bits = try builder.finish() } catch { throw .noSpace(error) }
  }

  private static func walk(
    _ areas: FreeAreas, _ census: PageCensus, _ frames: SelectedFrames,
    _ use: (Range<UInt64>) -> Void
  ) throws(SelectionError) -> String? {
    do throws(ReadError) {
      guard let arrays = try census.model.arrays(of: frames.ranges) else {
        return "the kernel's memory is in too many pieces"
      }
      return try areas.walk(arrays, limit: frames.count, use)
    } catch {
      throw .read(error)
    }
  }

  /// Marks the free frames of a block.
  func apply(to marks: inout PageMarks) throws(SelectionError) {
    var frame = marks.frames.lowerBound
    while frame < marks.frames.upperBound {
      let stretch: FrameBits.Stretch
      do throws(ReadError) { stretch = try bits.stretch(at: frame) } catch { throw .read(error) }
      let end = min(stretch.end, marks.frames.upperBound)
      if stretch.isSet { marks.mark(frame..<end, as: .free) }
      frame = end
    }
  }
}
