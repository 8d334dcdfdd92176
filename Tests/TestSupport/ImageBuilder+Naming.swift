extension ImageBuilder {
  /// Writes what names the header; the purgatory last, since its digest covers the others.
  mutating func placeNaming() {
    guard let address = recipe.header else { return }
    for naming in recipe.naming {
      switch naming.kind {
      case .bootParameters: placeBootParameters(naming, header: address)
      case .commandLine:
        let text = naming.text ?? commandLine(header: address)
        place("command line", Array(text.utf8) + [0], at: naming.address)
      case .deviceTree(let parts):
        placeTree(
          at: naming.address, header: address, parts: parts,
          text: naming.text ?? commandLine(header: address))
      case .purgatory: break
      }
    }
    for naming in recipe.naming where naming.kind == .purgatory {
      placePurgatory(at: naming.address)
    }
  }

  /// The second kernel's command line as the producer writes it.
  func commandLine(header: UInt64) -> String {
    let usual = "console=ttyS0 nr_cpus=1 irqpoll reset_devices"
    switch (recipe.producer, recipe.architecture.name) {
    case (.kernel, _): return "elfcorehdr=0x\(String(header, radix: 16)) \(usual)"
    case (_, "arm"): return "\(usual) elfcorehdr=0x\(String(header, radix: 16))"
    case (_, "loongarch64"):
      return "\(usual) elfcorehdr=\(self.header.count / 1024)K@\(header / 1024)K"
    case (_, "s390x"): return "\(usual) elfcorehdr=\(self.header.count)@\(header / 1024)K"
    default: return "\(usual) elfcorehdr=\(header / 1024)K"
    }
  }

  private mutating func placeBootParameters(_ naming: RecipeNaming, header: UInt64) {
    let text = naming.text ?? commandLine(header: header)
    let line = naming.address + 4096
    var page = [UInt8](repeating: 0, count: 4096)
    func put(_ value: UInt64, _ width: Int, at offset: Int) {
      page.replaceSubrange(
        offset..<offset + width, with: RecipeOrder.little.bytes(value, width: width))
    }
    put(line >> 32, 4, at: 0xc8)  // ext_cmd_line_ptr
    let usable = (recipe.backup.map { [$0.source] } ?? []) + recipe.crash
    put(UInt64(usable.count), 1, at: 0x1e8)  // e820_entries
    put(0xaa55, 2, at: 0x1fe)  // boot_flag
    page.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
    put(0x20f, 2, at: 0x206)  // version
    put(line, 4, at: 0x228)  // cmd_line_ptr
    put(2047, 4, at: 0x238)  // cmdline_size
    for (index, range) in usable.enumerated() {
      put(range.lowerBound, 8, at: 0x2d0 + index * 20)
      put(range.upperBound - range.lowerBound, 8, at: 0x2d8 + index * 20)
      put(1, 4, at: 0x2e0 + index * 20)
    }
    place("boot parameters", page + Array(text.utf8) + [0], at: naming.address)
  }

  /// A device tree that names a header.
  mutating func placeTree(
    at address: UInt64, header: UInt64, parts: RecipeNaming.Parts, text: String
  ) {
    let end = BuiltImage.extents(of: recipe, truncated: false).map(\.range)
    let wide = recipe.bits == 64 || end.contains { $0.upperBound > 0x1_0000_0000 }
    let tree = DeviceTreeModel(
      cells: wide ? 2 : 1, memory: end, usable: recipe.crash,
      header: parts == .bootargs ? nil : header..<header + UInt64(self.header.count),
      bootArguments: parts == .property ? "console=ttyS0 nr_cpus=1" : text)
    place("device tree", tree.blob(), at: address)
  }

  /// The list of regions and their digest, as they are before the purgatory runs.
  private mutating func placePurgatory(at address: UInt64) {
    var pages: [Range<UInt64>] = []
    let known = ["header", "boot parameters", "device tree", "command line"]
    for thing in placed where known.contains(thing.name) {
      let end = (thing.range.upperBound + 4095) & ~4095
      pages.append(thing.range.lowerBound & ~4095..<end)
    }
    var bytes = pages.flatMap { memory.read($0.lowerBound, $0.count) }
    if let backup = recipe.backup {
      let size = (UInt64(backup.source.count) + 4095) & ~4095
      pages.append(backup.address..<backup.address + size)
      bytes += [UInt8](repeating: 0, count: Int(size))
    }
    let order = recipe.order
    var list: [UInt8] = []
    for range in pages.prefix(16) {
      list += order.bytes(range.lowerBound, width: 8)
      list += order.bytes(range.upperBound - range.lowerBound, width: 8)
    }
    list += [UInt8](repeating: 0, count: 256 - list.count)
    place("digest", SHA256Model.digest(bytes), at: address)
    place("regions", list, at: address + 64)
  }
}
