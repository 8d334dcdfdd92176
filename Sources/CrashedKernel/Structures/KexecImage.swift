package import Bytes
internal import DumpRecords

/// The kexec image that the crashed kernel had loaded for a crash: what `kexec_crash_image`
/// points at (`struct kimage`, `include/linux/kexec.h`). A later `kexec -p` replaces it, so it
/// tells the header of the last load from those of earlier ones.
package struct KexecImage: Equatable, Sendable {
  /// Virtual address of the structure.
  package let address: UInt64
  /// `segment[]`: the physical memory of each segment, in order.
  package let segments: [Range<UInt64>]
  /// Where in the structure `nr_segments` was found: that depends on the release.
  package let countOffset: UInt64
  /// Where in the structure `segment[]` was found.
  package let listOffset: UInt64

  /// Where the list is, in words.
  package var place: String {
    "kexec_crash_image at \(address.hex), nr_segments at +\(countOffset.hex), "
      + "segment[] at +\(listOffset.hex)"
  }

  /// Bytes of the structure that are read: the list begins in the first hundreds.
  private static let searched = 1024

  /// Follows the crashed kernel's own pointer, wherever the structure lies.
  package static func read(_ kernel: Kernel) throws(ReadError) -> Answer<KexecImage> {
    let symbols: KernelSymbols
    switch try kernel.symbols() {
    case .found(let found): symbols = found
    case .absent(let why): return .absent(why)
    case .corrupt(let why): return .corrupt(why)
    }
    let memory = try kernel.memory()
    guard let variable = try symbols.address(of: "kexec_crash_image") else {
      return .absent("the kernel's symbol table has no kexec_crash_image")
    }
    guard let address = try memory.pointer(at: variable).value else {
      return .absent("the image lacks kexec_crash_image at \(variable.hex)")
    }
    guard address != 0 else { return .absent("no crash kernel is loaded: kexec_crash_image is 0") }
    let bytes: [UInt8]
    switch try memory.read(at: address, count: searched) {
    case .found(let found): bytes = found
    case .unreadable(.missing):
      return .absent("kexec_crash_image points at \(address.hex), which is not in the image")
    case .unreadable(let why):
      return .corrupt("kexec_crash_image points at \(address.hex): \(why)")
    }
    var reader = ByteReader(bytes, order: memory.order)
    var words: [UInt64] = []
    while let word = try? reader.readWord(size: memory.wordSize) { words.append(word) }
    guard let list = SegmentList(longestIn: words) else {
      return .corrupt("no list of segments behind kexec_crash_image at \(address.hex)")
    }
    return .found(
      KexecImage(
        address: address, segments: list.segments,
        countOffset: UInt64(list.count * memory.wordSize),
        listOffset: UInt64(list.start * memory.wordSize)))
  }
}

/// The list of segments in a `struct kimage`. It is found by its shape, since its place depends on
/// the release: entries `{buf, bufsz, mem, memsz}` in whole pages that do not overlap, behind them
/// unused ones of zeros, before them their number.
private struct SegmentList {
  let segments: [Range<UInt64>]
  /// The word with their number.
  let count: Int
  /// The word with which they begin.
  let start: Int

  /// `KEXEC_SEGMENT_MAX`: what follows a full list is none of it.
  private static let capacity = 16
  /// How many words before the list its number stands at most.
  private static let reach = 16

  init?(longestIn words: [UInt64]) {
    var best: (segments: [Range<UInt64>], count: Int, start: Int)?
    for start in words.indices {
      let segments = SegmentList.segments(in: words, at: start)
      guard segments.count > best?.segments.count ?? 0,
        let count = words[max(0, start - SegmentList.reach)..<start]
          .lastIndex(of: UInt64(segments.count))
      else { continue }
      best = (segments, count, start)
    }
    guard let best else { return nil }
    (segments, count, start) = best
  }

  /// The entries from a word on; none where what follows them is in use.
  private static func segments(in words: [UInt64], at start: Int) -> [Range<UInt64>] {
    var segments: [Range<UInt64>] = []
    var place = start
    while place + 4 <= words.count, segments.count < capacity {
      let (buffer, used) = (words[place], words[place + 1])
      let (address, size) = (words[place + 2], words[place + 3])
      if buffer | used | address | size == 0 { return segments }
      guard size > 0, address % 4096 == 0, size % 4096 == 0, used <= size,
        let range = Range(start: address, length: size),
        range.upperBound <= PhysicalAddress.end,
        !segments.contains(where: { $0.overlaps(range) })
      else { return [] }
      segments.append(range)
      place += 4
    }
    return segments
  }
}
