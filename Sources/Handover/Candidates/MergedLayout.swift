internal import Bytes
internal import DumpRecords

/// What the second kernel's own header shows of the `/proc/vmcore` that it made: it decides before
/// any release number, since the two kernels may differ and distributions backport.
package struct MergedLayout: Equatable, Sendable {
  /// Physical address of the header.
  package var address: UInt64
  /// The page size to which the parts of the file are padded; nil where they are not padded.
  package var pageSize: UInt64?
  /// `p_align` of the merged PT_NOTE.
  package var noteAlignment: UInt64

  /// The layout that a merged header follows; nil where it follows none.
  ///
  /// - Parameters:
  ///   - header: what it was made of.
  ///   - usual: the page size that is tried first.
  init?(
    _ merged: Evidence.MergedHeader, of header: CoreHeader, at address: UInt64, usual: UInt64?
  ) {
    let sizes = [usual].compactMap(\.self) + (12...18).map { UInt64(1) << $0 }
    let tried = sizes.map(Optional.some) + [nil]
    guard let found = tried.first(where: { merged.follows(pageSize: $0, of: header) }) else {
      return nil
    }
    self.address = address
    pageSize = found
    noteAlignment = merged.note.alignment
  }
}

extension Evidence.MergedHeader {
  /// Whether every offset is where that page size puts it (`set_vmcore_list_offsets` and
  /// `process_ptload_program_headers_elf64`, `fs/proc/vmcore.c`). The kernel's numbers wrap
  /// around, and loads that no machine can have are in it.
  fileprivate func follows(pageSize: UInt64?, of header: CoreHeader) -> Bool {
    let page = pageSize ?? 1
    func up(_ value: UInt64) -> UInt64 { (value &+ (page - 1)) & ~(page - 1) }
    func down(_ value: UInt64) -> UInt64 { value & ~(page - 1) }
    let mask: UInt64 = elfClass == .bits32 ? 0xffff_ffff : .max
    var place = up(UInt64(elfClass.headerSize + count * elfClass.programHeaderSize))
    guard note.offset == place else { return false }
    place = place &+ up(note.fileSize)
    for (old, new) in zip(header.segments(of: .load).map(\.segment), loads) {
      let start = down(old.offset)
      guard new.offset == (place &+ (old.offset &- start)) & mask else { return false }
      place = place &+ (up(old.offset &+ old.memorySize) &- start)
    }
    return true
  }
}

extension Evidence {
  /// The second kernel's own headers of a candidate: one PT_NOTE with a file offset, and behind it
  /// loads with the same `p_paddr` and `p_memsz`, outside the crashed kernel's memory.
  private func merged(
    of candidate: CandidateExamination, in view: ImageView
  ) -> some Sequence<(address: UInt64, header: MergedHeader)> {
    let loads = candidate.header.segments(of: .load).map(\.segment)
    return mergedHeaders.lazy.compactMap { merged in
      guard let address = view.address(ofScanned: merged.address),
        merged.elfClass == candidate.header.elfClass,
        loads.elementsEqual(
          merged.loads,
          by: { $0.physicalAddress == $1.physicalAddress && $0.memorySize == $1.memorySize }),
        loads.map(\.offset) != merged.loads.map(\.offset),
        !loads.contains(where: { $0.sourceRange?.contains(address) ?? false })
      else { return nil }
      return (address, merged)
    }
  }

  /// Where the second kernel's own header of a candidate lies.
  func mergedHeader(of candidate: CandidateExamination, in view: ImageView) -> UInt64? {
    merged(of: candidate, in: view).first { _ in true }?.address
  }

  /// What the first of them that was not overwritten shows of the second kernel.
  func mergedLayout(
    of candidate: CandidateExamination, in view: ImageView, usual: UInt64?
  ) -> MergedLayout? {
    merged(of: candidate, in: view).lazy.compactMap {
      MergedLayout($0.header, of: candidate.header, at: $0.address, usual: usual)
    }.first { _ in true }
  }
}
