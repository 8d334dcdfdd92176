/// Small dump files of every shape, by name: what truncation, mutation and fuzzing begin with.
package struct SmallDumps: Sendable {
  /// The files, by name.
  package private(set) var files: [String: [UInt8]] = [:]

  /// No file yet.
  private init() {}

  /// Files by name.
  init(_ files: [String: [UInt8]]) {
    self.files = files
  }

  private static let orders: [(name: String, order: RecipeOrder)] = [
    ("little", .little), ("big", .big),
  ]

  /// A few bytes that differ, then one value: it shrinks to little.
  package static func page(_ value: UInt8, _ count: Int = 4096) -> [UInt8] {
    let head = (0..<min(count, 16)).map { value &+ UInt8($0) }
    return head + [UInt8](repeating: value, count: count - head.count)
  }

  private static let information = Array(
    """
    OSRELEASE=6.1.0
    PAGESIZE=4096
    SYMBOL(_stext)=ffffffff81000000
    CRASHTIME=1700001200

    """.utf8)

  private static func vmCoreInfo(_ order: RecipeOrder) -> [UInt8] {
    RecipeNote(name: "VMCOREINFO", type: 0, content: information).encoded(order)
  }

  // MARK: ELF cores

  /// ELF cores of both classes and byte orders: as the kernel writes them, and untidy ones.
  package static let elf: SmallDumps = {
    var dumps = SmallDumps()
    for bits in [32, 64] {
      for (name, order) in orders {
        let tidy = elfModel(bits, order)
        dumps.files["\(bits)-\(name)"] = tidy.bytes
        var untidy = tidy
        untidy.alignment = 1
        untidy.gap = 24
        untidy.headerSize = 8
        untidy.segments.append(
          .note(RecipeNote(name: "QEMU", type: 0, content: page(7, 40)).encoded(order)))
        untidy.segments.append(.load(0x1040, page(6, 0x80), memory: 0x3000))
        untidy.segments.append(.load(0x800, [], memory: 0x200))
        dumps.files["\(bits)-\(name)-untidy"] = untidy.bytes
        var extended = tidy
        extended.hasExtendedCount = true
        dumps.files["\(bits)-\(name)-extended"] = extended.bytes
      }
    }
    return dumps
  }()

  /// An ELF core as the kernel writes it.
  package static func elfModel(_ bits: Int, _ order: RecipeOrder) -> ELFFileModel {
    var model = ELFFileModel([
      .note(
        RecipeNote(name: "CORE", type: 1, content: page(5, 336)).encoded(order)
          + vmCoreInfo(order)),
      .load(0x1000, page(1, 0x100)), .load(0x8000, page(2, 0x80)), .load(0x10_0000, page(3, 0x40)),
    ])
    model.bits = bits
    model.order = order
    model.machine = bits == 64 ? (order == .little ? 62 : 22) : (order == .little ? 3 : 8)
    model.alignment = 256
    return model
  }

  /// A dump that a hypervisor made of a machine with this memory from address 0 on.
  package static func hypervisor(of memory: [UInt8]) -> [UInt8] {
    ELFFileModel([
      .note(
        RecipeNote(name: "CORE", type: 1, content: page(5, 336)).encoded(.little)
          + RecipeNote(name: "QEMU", type: 0, content: page(7, 432)).encoded(.little)),
      .load(0, memory),
    ]).bytes
  }

  // MARK: kdump-compressed files

  /// Kdump-compressed files of every layout, byte order and version.
  package static let kdump: SmallDumps = {
    var dumps = SmallDumps()
    for layout in KdumpFileModel.Layout.allCases {
      for (name, order) in orders {
        for version in 1...6 as ClosedRange<UInt64> {
          let model = kdumpModel(layout, order, version: version)
          dumps.files["\(layout)-\(name)-\(version)"] = model.bytes
        }
        var split = kdumpModel(layout, order)
        split.split = 0..<5
        dumps.files["\(layout)-\(name)-split"] = split.bytes
        split.split = 5..<100
        dumps.files["\(layout)-\(name)-split-rest"] = split.bytes
      }
    }
    var packed = kdumpModel(.wide, .little)
    packed.pages[3] = .lzo(page(3))
    packed.pages[5] = .snappy(page(5))
    packed.pages[6] = .zstd(page(6))
    dumps.files["packed"] = packed.bytes
    var incomplete = kdumpModel(.wide, .little)
    incomplete.status |= 8
    incomplete.pages[6] = .lost
    dumps.files["incomplete"] = incomplete.bytes
    return dumps
  }()

  /// A dump with pages that are packed, not packed, zero and left out.
  package static func kdumpModel(
    _ layout: KdumpFileModel.Layout, _ order: RecipeOrder, version: UInt64 = 6
  ) -> KdumpFileModel {
    var model = KdumpFileModel()
    model.layout = layout
    model.order = order
    model.version = version
    model.machine = layout == .wide ? "x86_64" : layout == .packed ? "i686" : "armv7l"
    if version >= 3 { model.info = information }
    if version >= 4 {
      model.notes =
        RecipeNote(name: "CORE", type: 1, content: page(5, 336)).encoded(order)
        + vmCoreInfo(order)
    }
    model.pages = [
      2: .zlib(page(2)), 3: .zlib(page(3)), 4: .excluded, 5: .zlib(page(5)), 6: .zlib(page(6)),
      70: .zlib(page(70)),
    ]
    return model
  }

  // MARK: LiME and AVML files

  /// A machine's memory in three ranges.
  private static func limeModel(_ form: LiMEFileModel.Form) -> LiMEFileModel {
    LiMEFileModel(
      form, [(0x1000, page(1, 0x900)), (0x8000, page(2)), (0x2_0000, page(3, 0x123))])
  }

  /// Files of LiME, whole and in blocks.
  package static let lime: SmallDumps = {
    var dumps = SmallDumps()
    var model = limeModel(.plain)
    dumps.files["lime"] = model.bytes
    model.blockSize = 0x500
    dumps.files["lime-blocks"] = model.bytes
    return dumps
  }()

  /// Files of AVML, whole and in blocks.
  package static let avml: SmallDumps = {
    var dumps = SmallDumps()
    var model = limeModel(.packed)
    dumps.files["avml"] = model.bytes
    model.blockSize = 0x500
    dumps.files["avml-blocks"] = model.bytes
    return dumps
  }()

  // MARK: Flattened files

  /// The flattened form of both: as makedumpfile and this program write it, and out of order.
  package static let flattened: SmallDumps = {
    var dumps = SmallDumps()
    let contents = [
      ("elf", elf.files["64-little"]), ("elf-32-big", elf.files["32-big"]),
      ("kdump", kdump.files["wide-little-6"]), ("kdump-big", kdump.files["aligned-big-6"]),
      ("kdump-packed", kdump.files["packed-little-5"]),
    ]
    for case (let name, let content?) in contents {
      dumps.files[name] = FlattenedFileModel(leavingOutZerosOf: content).bytes
      dumps.files["\(name)-shuffled"] = FlattenedFileModel(shuffling: content, seed: 1).bytes
    }
    return dumps
  }()
}
