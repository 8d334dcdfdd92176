internal import Bytes
internal import DumpRecords

extension ImageFormat {
  /// A snapshot of Firecracker: a file of memory, and a file of state, whose mark tells the
  /// machine.
  package static let firecracker = ImageFormat(
    name: "Firecracker snapshot", accepts: .parts,
    recognizes: { FirecrackerImage.layout(of: $0, size: 0) != nil }, open: FirecrackerImage.open)
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

  /// Where the RAM of a machine lies: its regions follow one another in the file. Sources:
  /// Firecracker `src/vmm/src/arch/x86_64/layout.rs`, `aarch64/layout.rs`; the mark of
  /// `src/vmm/src/snapshot`.
  static func layout(of head: [UInt8], size: UInt64) -> ImageLayout? {
    let mark: [UInt8] = [0x84, 0x19, 0x10, 0x07]
    guard head.count >= 8, head[4..<8].elementsEqual(mark), head[0] == 0, head[1] == 0 else {
      return nil
    }
    switch (head[2], head[3]) {
    case (0x64, 0x86):
      return ImageLayout(
        base: 0, holes: [0xc000_0000..<1 << 32, 0x40_0000_0000..<0x80_0000_0000],
        name: "Firecracker on x86_64")
    case (0xaa, 0xaa):
      return ImageLayout(
        base: 0x8000_0000, holes: [0x40_0000_0000..<0x80_0000_0000], name: "Firecracker on arm64")
    default: return nil
    }
  }

  static func open(_ input: ImageInput, _: ImageOptions) throws(ImageError) -> MemoryImage {
    let head = try input.head()
    guard let memory = input.parts.first else {
      throw ImageError(
        .unusable,
        "\(input.source.name): is the state of a Firecracker snapshot: its memory is in the other "
          + "file, which is to be given, and this one with \(.parts)")
    }
    guard let layout = layout(of: head, size: memory.source.size) else {
      throw ImageError(.unusable, "\(input.source.name): is no state of a Firecracker snapshot")
    }
    guard let regions = try? PhysicalMemory(regions: layout.regions(of: memory.source)) else {
      throw ImageError(.unusable, "\(memory.source.name): is too large for a machine's memory")
    }
    return MemoryImage(
      of: input, as: .firecracker, memory: regions, layout: layout, layoutIsOpen: false,
      stored: nil, warnings: [])
  }
}
