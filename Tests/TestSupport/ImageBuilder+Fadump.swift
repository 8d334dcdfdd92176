extension ImageBuilder {
  /// What firmware and the second kernel leave: boot memory is moved, then the second kernel writes
  /// the notes of the CPUs and, since Linux 6.10, the header.
  mutating func placeFadump(_ fadump: RecipeFadump) throws(RecipeError) {
    guard let moved = recipe.backup, let address = recipe.header else {
      throw RecipeError("'fadump' without a 'backup' and a 'header'")
    }
    var information = try placeVMCoreInfo()
    saveBackup()
    if moved.source.contains(information.lowerBound) {
      let start = information.lowerBound - moved.source.lowerBound + moved.address
      information = start..<start + UInt64(information.count)
    }
    let size = recipe.architecture.noteBufferSize
    var notes: [UInt8] = []
    for cpu in recipe.cpus {
      let start = fadump.notes + UInt64(notes.count)
      notes += self.notes(of: cpu, size: size)
      placed.append(
        .init(name: "cpu \(cpu.number)", range: start..<fadump.notes + UInt64(notes.count)))
    }
    memory.write(notes, at: fadump.notes)
    let section = fadump.notes..<fadump.notes + UInt64((notes.count + 4095) / 4096 * 4096)
    header = try headerBytes(table: edited(usualTable(notes: [section, information])))
    place("header", header, at: address)
    let order = recipe.order
    var bytes: [UInt8]
    switch fadump.form {
    case .old:
      bytes = order.bytes(ImageBuilder.number("FADMPINF"), width: 8)
      bytes += order.bytes(address, width: 8) + order.bytes(0, width: 4)
    case .new:
      bytes = order.bytes(ImageBuilder.number("FADMPSIG"), width: 8)
      bytes += order.bytes(1, width: 4) + order.bytes(0, width: 4)
      bytes += order.bytes(information.lowerBound, width: 8)
      bytes += order.bytes(UInt64(information.count), width: 8)
      bytes += order.bytes(352, width: 4) + order.bytes(256, width: 4)
    }
    place("fadump", bytes, at: fadump.address)
  }

  /// Eight letters as the kernel makes a number of them: the first is the highest byte.
  private static func number(_ text: String) -> UInt64 {
    text.utf8.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The kernel that runs now.
  mutating func placeOtherKernels() {
    for kernel in recipe.otherKernels {
      let lines = ["OSRELEASE=\(kernel.release)", "PAGESIZE=\(recipe.pageSize)"] + kernel.lines
      let text = lines.map { $0 + "\n" }.joined()
      let note = RecipeNote(name: "VMCOREINFO", type: 0, content: Array(text.utf8))
      place("other vmcoreinfo", note.encoded(recipe.order), at: kernel.note)
      placeName(of: kernel.release, at: kernel.name)
    }
  }
}
