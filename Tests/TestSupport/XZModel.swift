/// The places of the blocks of an xz file, read from the index at its end.
enum XZModel {
  /// The file with its head before the first block, and its index behind the last one.
  static func pieces(of file: [UInt8], _ count: Int) -> [[UInt8]] {
    let order = RecipeOrder.little
    let foot = file.count - 12
    let indexSize = (Int(order.value(in: file, at: foot + 4, width: 4)) + 1) * 4
    var place = foot - indexSize + 1
    func number() -> Int {
      var value = 0
      var shift = 0
      while true {
        let byte = Int(file[place])
        place += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte & 0x80 == 0 { return value }
      }
    }
    precondition(number() == count)
    var start = 12
    var pieces: [[UInt8]] = []
    for _ in 0..<count {
      let end = start + (number() + 3) / 4 * 4
      _ = number()
      pieces.append(Array(file[start..<end]))
      start = end
    }
    pieces[0] = file[..<12] + pieces[0]
    pieces[count - 1] += file[start...]
    return pieces
  }
}
