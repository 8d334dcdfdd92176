/// What virtual machine monitors write.
extension SmallDumps {
  /// A few pages of memory, one of them zero.
  package static let parts = [
    MemoryPart(0x1000, page(1) + [UInt8](repeating: 0, count: 4096)), MemoryPart(0x8000, page(3)),
  ]

  /// The same from address 0 on, without a hole.
  private static let whole = [UInt8](repeating: 0, count: 4096) + page(1) + page(2) + page(3)

  /// State files of VMware with their memory inside.
  package static let vmware: SmallDumps = {
    var files: [String: [UInt8]] = [:]
    for (name, id) in [("old", 0xbed0_bed0), ("new", 0xbed2_bed2)] as [(String, UInt64)] {
      var model = VMwareModel(parts)
      model.id = id
      model.holdsMemory = true
      files[name] = model.state
      model.hasRegions = false
      files["\(name)-flat"] = model.state
    }
    let model = VMwareModel(parts)
    files["set"] = pair(model.state, model.memory)
    return SmallDumps(files)
  }()

  /// Migration streams with pages of every kind.
  package static func migration(_ pages: MigrationModel.Pages) -> MigrationModel {
    var model = MigrationModel(
      machine: "pc-q35-7.2", [.init("vga.vram", page(9)), .init("pc.ram", whole)])
    model.pages = pages
    return model
  }

  /// The same as files, also with other sections and of libvirt.
  package static let savevm: SmallDumps = {
    var files: [String: [UInt8]] = [:]
    for pages in MigrationModel.Pages.allCases {
      var model = migration(pages)
      files["\(pages)"] = model.bytes
      files["libvirt-\(pages)"] = model.libvirt()
      model.hasOtherSections = true
      files["\(pages)-other"] = model.bytes
    }
    return SmallDumps(files)
  }()

  /// Dumps of s390 machines of every kind.
  package static let s390: SmallDumps = {
    var model = S390DumpModel(whole + [UInt8](repeating: 0, count: 8192))
    model.segmentSize = 0x2000
    var files = ["plain": model.plain, "extended": model.extended]
    model.unusedSize = 8192
    let volumes = model.volumes(2)
    files["volumes"] = pair(volumes[0], volumes[1])
    model.entrySize = 0x1000
    files["packed"] = model.extended
    model.blockSize = 512
    files["packed-512"] = model.extended
    return SmallDumps(files)
  }()

  /// LKCD dumps of every version and packing.
  package static let lkcd: SmallDumps = {
    var files: [String: [UInt8]] = [:]
    for version in [1, 7, 8, 10] as [UInt64] {
      for packing in LKCDModel.Packing.allCases where version >= 5 || packing != .zlib {
        var model = LKCDModel(parts)
        model.version = version
        model.packing = packing
        model.start = version >= 9 ? 0x2000 : 65_536
        model.order = version == 7 ? .big : .little
        files["\(version)-\(packing)"] = model.bytes
      }
    }
    return SmallDumps(files)
  }()

  /// Dumps of Fujitsu's firmware of every kind.
  package static let sadump: SmallDumps = {
    let model = SadumpModel(parts)
    let disks = model.disks(2)
    return SmallDumps([
      "single": model.single, "media": model.media, "set": pair(disks[0], disks[1]),
      "first": disks[0],
    ])
  }()

  /// Cores of Xen's guests.
  package static let xen: SmallDumps = {
    var files: [String: [UInt8]] = [:]
    for isParavirtual in [false, true] {
      var model = XenCoreModel(parts)
      model.isParavirtual = isParavirtual
      files["ordered-\(isParavirtual)"] = model.bytes
      model.isUnordered = true
      files["unordered-\(isParavirtual)"] = model.bytes
    }
    return SmallDumps(files)
  }()

  /// A snapshot of cloud-hypervisor and one of Firecracker, of two files each.
  package static let snapshots: SmallDumps = {
    let ranges = parts.map { "{\"gpa\":\($0.address),\"length\":\($0.bytes.count)}" }
    let state =
      "{\"snapshots\":{\"m\":{\"snapshot_data\":{\"data\":[\(ranges.joined(separator: ","))]}}}}"
    let mark: [UInt8] = [0, 0, 0x64, 0x86, 0x84, 0x19, 0x10, 0x07]
    return SmallDumps([
      "cloud-hypervisor": pair(Array(state.utf8), parts.joined),
      "firecracker": pair(mark, whole),
    ])
  }()

  /// Two files of a set in one input: a mark, the length of the first, then both.
  package static func pair(_ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
    [0x2b, UInt8(first.count >> 8), UInt8(first.count & 0xff)] + first + second
  }
}
