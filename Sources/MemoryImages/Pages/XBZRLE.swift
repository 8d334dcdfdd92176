internal import Bytes

/// What changed in a page since it was sent: runs of bytes that are equal and of bytes that are
/// not, their lengths as ULEB128 of two bytes at most. Source: QEMU `migration/xbzrle.c`.
enum XBZRLE {
  /// Changes a page; false where the runs are none of such a page.
  static func apply(
    _ runs: ArraySlice<UInt8>, to page: UnsafeMutableRawBufferPointer
  ) -> Bool {
    var index = runs.startIndex
    var place = 0
    while index < runs.endIndex {
      guard let equal = length(in: runs, &index) else { return false }
      place += equal
      // A page that ends with equal bytes does not say so.
      guard let changed = length(in: runs, &index), changed > 0,
        place + changed <= page.count, index + changed <= runs.endIndex
      else { return false }
      unsafe UnsafeMutableRawBufferPointer(rebasing: page[place..<place + changed])
        .copyBytes(from: runs[index..<index + changed])
      index += changed
      place += changed
    }
    return true
  }

  private static func length(in runs: ArraySlice<UInt8>, _ index: inout Int) -> Int? {
    guard index < runs.endIndex else { return nil }
    let first = Int(runs[index])
    index += 1
    guard first & 0x80 != 0 else { return first }
    guard index < runs.endIndex, runs[index] & 0x80 == 0 else { return nil }
    let second = Int(runs[index])
    index += 1
    return first & 0x7f | second << 7
  }
}
