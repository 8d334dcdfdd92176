internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// A snapshot of Firecracker: a file of memory, and a file of state, whose mark tells the
  /// machine.
  package static let firecracker = ImageFormat(
    name: "Firecracker snapshot", accepts: .parts,
    recognizes: { FirecrackerImage.layouts(of: $0, size: 0) != nil }, open: FirecrackerImage.open)
}

enum FirecrackerImage {
  /// The endings that the files of a snapshot have in its documents and tools.
  private static let memoryEndings = ["mem", "memory"]
  private static let stateEndings = ["state", "vmstate", "snap", "snapshot"]

  static let sets = [FileSet(format: .firecracker, descriptions: descriptions)]

  /// `vm.mem` has `vm.state`, `mem_file` has `snapshot_file`.
  private static func descriptions(of name: String) -> [String] {
    if name == "mem_file" { return ["snapshot_file"] }
    let stem = memoryEndings.lazy.compactMap { FilePlace.stem(of: name, ending: $0) }.first
    guard let stem else { return [] }
    return stateEndings.map { "\(stem).\($0)" }
  }

  /// Room for devices below 4 GiB: since release 1.13, and before.
  private static let deviceRooms: [Range<UInt64>] = [
    0xc000_0000..<1 << 32, 0xd000_0000..<1 << 32,
  ]
  /// The same above, since release 1.13.
  private static let highRoom: Range<UInt64> = 0x40_0000_0000..<0x80_0000_0000

  /// Where the RAM of a machine may lie: its regions follow one another in the file. Sources:
  /// Firecracker `src/vmm/src/arch/x86_64/layout.rs` and `mod.rs`, `aarch64/layout.rs`; the mark of
  /// `src/vmm/src/snapshot`.
  ///
  /// - Returns: the layouts that differ for a file of `size` bytes, the newest first; nil where
  ///   there is no mark.
  static func layouts(of head: [UInt8], size: UInt64) -> [ImageLayout]? {
    let mark: [UInt8] = [0x84, 0x19, 0x10, 0x07]
    guard head.count >= 8, head[4..<8].elementsEqual(mark), head[0] == 0, head[1] == 0 else {
      return nil
    }
    let all: [ImageLayout]
    switch (head[2], head[3]) {
    case (0x64, 0x86):
      all = [
        layout(0, [deviceRooms[0], highRoom], "x86_64"),
        layout(0, [deviceRooms[1]], "x86_64, before release 1.13"),
      ]
    case (0xaa, 0xaa):
      all = [
        layout(0x8000_0000, [highRoom], "arm64"),
        layout(0x8000_0000, [], "arm64, before release 1.13"),
      ]
    default: return nil
    }
    return all[0].places(size, as: all[1]) ? [all[0]] : all
  }

  private static func layout(
    _ base: UInt64, _ holes: [Range<UInt64>], _ machine: String
  ) -> ImageLayout {
    ImageLayout(base: base, holes: holes, name: "Firecracker on \(machine)")
  }

  static func open(_ input: ImageInput, _: ImageOptions) throws(ImageError) -> MemoryImage {
    let head = try input.head()
    guard let file = input.parts.first else {
      throw ImageError(
        .unusable,
        "\(input.source.name): is the state of a Firecracker snapshot: its memory is in the other "
          + "file, which is to be given, and this one with \(.parts)")
    }
    let source = file.source
    guard let layouts = layouts(of: head, size: source.size) else {
      throw ImageError(.unusable, "\(input.source.name): is no state of a Firecracker snapshot")
    }
    guard source.size <= PhysicalAddress.end,
      let memory = try? PhysicalMemory(regions: layouts[0].regions(of: source))
    else {
      throw ImageError(.unusable, "\(source.name): is too large for a machine's memory")
    }
    if layouts.count == 1 {
      return MemoryImage(
        of: input, as: .firecracker, memory: memory, layout: layouts[0], layoutIsOpen: false,
        stored: nil, warnings: [])
    }
    // What the kernel knows of its memory decides.
    let inOrder = PhysicalMemory(
      region: MemoryRegion(range: 0..<source.size, source: source, offset: 0))
    return MemoryImage(
      of: input, as: .firecracker, inOrder: inOrder, told: layouts, warnings: [])
  }
}
