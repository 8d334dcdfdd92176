internal import Bytes
internal import DumpRecords

/// The memory that is reserved for a core header.
enum HeaderRegion {
  /// It is as large as whoever named it says; else what the producer rounds up to.
  static func of(
    _ examination: CandidateExamination, named: [NamedPlace], option: ELFCoreHeaderParameter?,
    _ producer: Producer
  ) -> Range<UInt64> {
    let used = UInt64(examination.header.size)
    let sizes = [option?.size] + named.map(\.parameter.size)
    let said = sizes.compactMap { $0 }.first { $0 >= used && $0 <= 1 << 32 }
    let size = said ?? used.roundedUp(to: producer.kind == .kexecTools ? 1024 : 4096) ?? used
    return examination.address..<(examination.address.adding(size) ?? .max)
  }

  /// Overlaps that are told.
  private static let mostOverlaps = 16

  /// What it overlaps: an overlap means that the header may be overwritten.
  static func overlaps(
    of region: Range<UInt64>, _ header: CoreHeader, _ sections: [NoteSection]
  ) -> [Finding] {
    var warnings: [Finding] = []
    func check(_ range: Range<UInt64>?, _ what: @autoclosure () -> String) {
      guard let range, range.overlaps(region), warnings.count < mostOverlaps else { return }
      warnings.append(
        Finding(
          "the header's region \(region.hex) overlaps \(what()) \(range.hex): the header may have "
            + "been overwritten"))
    }
    for (index, load) in header.segments(of: .load) {
      check(load.sourceRange, "the data of PT_LOAD \(index)")
    }
    for section in sections {
      check(
        Range(start: section.address, length: section.limit),
        "the notes of PT_NOTE \(section.index)")
    }
    return warnings
  }
}
