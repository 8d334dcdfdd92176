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

  /// `KEXEC_SEGMENT_MAX`
  private static let capacity = 16
  /// Bytes of the structure that are searched: the list begins in the first hundred.
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
    let reader = ByteReader(bytes, order: memory.order)
    for offset in stride(from: 0, to: searched / 4, by: memory.wordSize) {
      if let segments = segments(in: reader, at: offset, wordSize: memory.wordSize) {
        return .found(KexecImage(address: address, segments: segments))
      }
    }
    return .corrupt("no list of segments behind kexec_crash_image at \(address.hex)")
  }

  /// `nr_segments` and `segment[]` stand next to each other, where depends on the kernel's
  /// version: the entries are `{buf, bufsz, mem, memsz}`, in whole pages that do not overlap, the
  /// unused ones are zero. Behind them is a list head, which points somewhere; Linux 6.17 put
  /// `segment_cma[]` between them, a pointer for each segment.
  private static func segments(
    in reader: ByteReader, at offset: Int, wordSize: Int
  ) -> [Range<UInt64>]? {
    var reader = ByteReader(reader.bytes, order: reader.order, at: offset)
    guard let count = try? reader.readWord(size: wordSize), count > 0, count <= capacity else {
      return nil
    }
    var segments: [Range<UInt64>] = []
    for index in 0..<UInt64(capacity) {
      guard let buffer = try? reader.readWord(size: wordSize),
        let used = try? reader.readWord(size: wordSize),
        let start = try? reader.readWord(size: wordSize),
        let size = try? reader.readWord(size: wordSize)
      else { return nil }
      guard index < count else {
        if buffer | used | start | size != 0 { return nil }
        continue
      }
      guard size > 0, start % 4096 == 0, size % 4096 == 0, used <= size,
        let range = Range(start: start, length: size),
        !segments.contains(where: { $0.overlaps(range) })
      else { return nil }
      segments.append(range)
    }
    for _ in 0...capacity {
      guard let word = try? reader.readWord(size: wordSize) else { return nil }
      if word != 0 { return segments }
    }
    return nil
  }
}
