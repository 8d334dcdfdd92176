internal import Bytes
internal import DumpRecords

/// The page frames of a kernel's image that it never gives back: text, constants and variables. What
/// lies between them it frees when it has started (`free_initmem`, `mark_rodata_ro`), and on x86_64 a
/// part of its variables that is for machines with encrypted memory (`mem_encrypt_free_decrypted_mem`).
struct ImageFrames {
  /// The first and the last symbol of each part.
  private static let parts = [
    ("_stext", "_etext"), ("__start_rodata", "__end_rodata"), ("_sdata", "_edata"),
    ("__bss_start", "__bss_stop"),
  ]
  /// The same of what is freed in them.
  private static let freed = [("__start_bss_decrypted", "__end_bss_decrypted")]
  /// All that are asked for.
  static let symbols = (parts + freed).flatMap { [$0.0, $0.1] }
  /// The largest part that is believed.
  private static let largest: UInt64 = 1 << 30

  /// The frames; where the kernel's symbol table does not tell, those of the variables alone that
  /// vmcoreinfo names.
  let set: RangeSet

  init(
    of kernel: Kernel, in memory: VirtualMemory, pageSize: UInt64
  ) throws(ReadError) {
    let places = try kernel.symbols().value?.addresses(of: ImageFrames.symbols) ?? [:]
    func frames(
      _ parts: [(String, String)]
    ) throws(ReadError) -> RangeSet {
      var frames: [Range<UInt64>] = []
      for (first, last) in parts {
        guard let start = places[first], let end = places[last], start < end,
          end - start <= ImageFrames.largest
        else { continue }
        var place = start
        while place < end, case .at(let physical, let count) = try memory.translate(place) {
          let length = min(count, end - place)
          frames.append(
            physical / pageSize..<(physical &+ length &- 1) / pageSize &+ 1)
          place += length
        }
      }
      return RangeSet(frames)
    }
    var named: [Range<UInt64>] = []
    for address in kernel.information.symbols {
      guard case .at(let physical, _) = try kernel.image.translate(address) else { continue }
      named.append(physical / pageSize..<physical / pageSize + 1)
    }
    set = try frames(ImageFrames.parts)
      .subtracting(try frames(ImageFrames.freed)).union(RangeSet(named))
  }
}
