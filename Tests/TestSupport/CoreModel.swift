/// The memory that an ELF core holds, by page frame: what a reader that takes the first load that
/// has an address would see.
package struct CoreModel: Sendable {
  package var pages: [UInt64: [UInt8]] = [:]
  package var notes: [UInt8] = []

  /// Reads the loads and the merged PT_NOTE of an ELF core.
  package init(_ file: [UInt8], pageSize: Int) {
    let is64 = file[4] == 2
    let isLittle = file[5] == 1
    func number(_ offset: Int, _ width: Int) -> Int {
      let bytes = file[offset..<offset + width]
      return Int(
        (isLittle ? Array(bytes.reversed()) : Array(bytes)).reduce(0) { $0 << 8 | UInt64($1) })
    }
    let count = number(is64 ? 56 : 44, 2)
    var held: [Int: [Bool]] = [:]
    for index in 0..<count {
      let entry = (is64 ? 64 : 52) + index * (is64 ? 56 : 32)
      let word = is64 ? 8 : 4
      let offset = number(entry + (is64 ? 8 : 4), word)
      let physical = number(entry + (is64 ? 24 : 12), word)
      let size = number(entry + (is64 ? 40 : 20), word)
      if index == 0 { notes = Array(file[offset..<offset + size]) }
      guard number(entry, 4) == 1 else { continue }
      var address = physical
      while address < physical + size {
        let page = address / pageSize
        let end = min(physical + size, (page + 1) * pageSize)
        var bytes = pages[UInt64(page)] ?? [UInt8](repeating: 0, count: pageSize)
        var flags = held[page] ?? [Bool](repeating: false, count: pageSize)
        for place in address..<end where !flags[place % pageSize] {
          flags[place % pageSize] = true
          bytes[place % pageSize] = file[offset + place - physical]
        }
        pages[UInt64(page)] = bytes
        held[page] = flags
        address = end
      }
    }
  }
}
