internal import Bytes
internal import DumpRecords

extension PhysicalMemory {
  /// The parts of the regions that lie in `range`, with their addresses moved to begin at `start`.
  package func regions(in range: Range<UInt64>, movedTo start: UInt64) -> [MemoryRegion] {
    regions.compactMap { region in
      let part = region.range.clamped(to: range)
      guard !part.isEmpty else { return nil }
      let moved = start &+ (part.lowerBound - range.lowerBound)
      guard let place = Range(start: moved, length: part.length) else { return nil }
      return MemoryRegion(
        range: place, source: region.source, offset: region.sourceOffset(of: part.lowerBound),
        isAssumed: region.isAssumed)
    }
  }

  /// The same memory with two disjoint stretches of equal length exchanged: nothing is copied,
  /// only the addresses differ.
  ///
  /// - Returns: nil where the stretches overlap or their lengths differ.
  package func exchanging(
    _ first: Range<UInt64>, with second: Range<UInt64>
  ) -> PhysicalMemory? {
    guard first.length == second.length, !first.overlaps(second) else { return nil }
    let low = first.lowerBound < second.lowerBound ? first : second
    let high = first.lowerBound < second.lowerBound ? second : first
    let kept = [
      0..<low.lowerBound, low.upperBound..<high.lowerBound, high.upperBound..<UInt64.max,
    ].flatMap { regions(in: $0, movedTo: $0.lowerBound) }
    return made(
      of: kept + regions(in: low, movedTo: high.lowerBound)
        + regions(in: high, movedTo: low.lowerBound))
  }

  /// The same memory with what lies in `copy` of the given one shown at `range`; what lay there is
  /// shown no more. Addresses of `range` beyond the length of `copy` are absent.
  ///
  /// The purgatory moves memory in this way (kexec-tools' backup region): nothing is copied here,
  /// only the addresses differ.
  package func redirecting(
    _ range: Range<UInt64>, to copy: Range<UInt64>, of memory: PhysicalMemory
  ) -> PhysicalMemory {
    let outside = [0..<range.lowerBound, range.upperBound..<UInt64.max]
      .flatMap { regions(in: $0, movedTo: $0.lowerBound) }
    let length = min(range.length, copy.length)
    let inside = memory.regions(
      in: copy.lowerBound..<copy.lowerBound + length, movedTo: range.lowerBound)
    // The three parts are disjoint.
    return made(of: outside + inside) ?? self
  }

  /// The same memory with zeros at ranges where it has none.
  ///
  /// - Parameters:
  ///   - isAssumed: whether there may be no memory at all.
  ///   - isLeftOut: whether they stand for bytes that are lost.
  func filling(
    _ zeros: [Range<UInt64>], isAssumed: Bool = false, isLeftOut: Bool = false, name: String
  ) -> PhysicalMemory {
    guard !zeros.isEmpty else { return self }
    let source = ZeroSource(name: name, size: PhysicalAddress.end, isLeftOut: isLeftOut)
    let regions = zeros.map {
      MemoryRegion(range: $0, source: source, offset: $0.lowerBound, isAssumed: isAssumed)
    }
    return made(of: self.regions + regions) ?? self
  }

  /// The memory of one range alone.
  package func restricted(to range: Range<UInt64>) -> PhysicalMemory? {
    made(of: regions(in: range, movedTo: range.lowerBound))
  }

  /// Memory of other regions that is paid for by the same budget.
  private func made(of regions: [MemoryRegion]) -> PhysicalMemory? {
    var memory = try? PhysicalMemory(regions: regions)
    memory?.budget = budget
    return memory
  }
}
