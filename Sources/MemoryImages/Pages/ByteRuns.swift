/// A page as LKCD packs it: a byte stands for itself, but 0 begins a run. Behind it stand the
/// number of bytes and the byte, or one more 0 for a single 0.
enum ByteRuns {
  /// Fills a page; false where the runs are none of such a page.
  static func unpack(_ runs: ArraySlice<UInt8>, into page: UnsafeMutableRawBufferPointer) -> Bool {
    var bytes = runs.makeIterator()
    var place = 0
    while let byte = bytes.next() {
      var count = 1
      var value = byte
      if byte == 0 {
        guard let number = bytes.next() else { return false }
        if number > 0 {
          guard let repeated = bytes.next() else { return false }
          count = Int(number)
          value = repeated
        }
      }
      guard place + count <= page.count else { return false }
      unsafe UnsafeMutableRawBufferPointer(rebasing: page[place..<place + count])
        .initializeMemory(as: UInt8.self, repeating: value)
      place += count
    }
    return place == page.count
  }
}
