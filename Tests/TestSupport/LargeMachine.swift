/// A PC with memory above 4 GiB and a Linux kernel on it, whose recipe says how a file of its
/// memory lies. The files are large and almost all hole.
package struct LargeMachine: Sendable {
  /// The part of the memory that a file holds.
  package enum Part: Sendable, Equatable {
    /// All, without the room for devices below 4 GiB.
    case whole
    /// The same without a0000–bffff.
    case withoutDisplay
    /// What lies below 4 GiB.
    case low
    /// All up to an address above 4 GiB: the first NUMA node.
    case node(end: UInt64)
    /// All addresses, the room for devices as zeros.
    case flat
    /// The RAM alone, one range behind the other.
    case ranges
  }

  /// When the memory was read; nil: no crash kernel was ever loaded.
  package var moment: Recipe.Moment?
  /// Where memory below 4 GiB ends.
  package var lowEnd: UInt64
  /// Where memory above 4 GiB ends.
  package var highEnd: UInt64 = 0x1_4000_0000
  /// Physical address of the kernel image.
  package var kernel: UInt64 = 0x100_0000
  /// Where the notes of vmcoreinfo and the CPU lie.
  package var notes: UInt64 = 0x1_3f00_0000
  /// Where the crashed kernel's `struct kimage` lies.
  package var kexecImage: UInt64 = 0x1_2000_0000
  /// Whether the firmware's tables are in memory.
  package var hasMap = true
  /// Where a copy of the vmcoreinfo note lies.
  package var strayNote: UInt64?
  package var part = Part.whole

  package init(lowEnd: UInt64, moment: Recipe.Moment? = .after) {
    self.lowEnd = lowEnd
    self.moment = moment
  }

  /// The end of RAM that is no table of the firmware.
  package var lowRAMEnd: UInt64 { lowEnd - 0x2_3000 }

  private static let gibibytes4: UInt64 = 0x1_0000_0000
  private var crash: UInt64 { 0x3000_0000 }

  package var summary: String {
    "hole at \(hex(lowEnd)), \(moment?.rawValue ?? "no kdump"), kernel at \(hex(kernel)), "
      + "notes at \(hex(notes)), \(part)\(hasMap ? "" : ", no map")"
      + (strayNote == nil ? "" : ", stray note")
  }

  private func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

  /// The recipe.
  package var text: String {
    let virtual: UInt64 = 0xffff_ffff_8100_0000
    let base = Int64(bitPattern: kernel &- 0x100_0000)
    var lines = [
      "arch x86_64", "ram 0x1000-0x9fc00", "ram 0x100000-\(hex(lowRAMEnd))",
      "ram 0x100000000-\(hex(highEnd))",
      "fill 0x1000-0x3000 random 1", "fill 0x8000000-0x8004000 random 2",
      "fill \(hex(lowRAMEnd - 0x4000))-\(hex(lowRAMEnd)) random 3",
      "fill 0x100000000-0x100004000 random 4",
      "fill \(hex(highEnd - 0x4000))-\(hex(highEnd)) random 5",
      "fill \(hex(kernel))-\(hex(kernel + 0x4000)) random 6",
      "osrelease 6.1.0", "crashtime \(moment == nil ? "none" : "1700001000")",
      "info SYMBOL(_stext)=\(String(virtual, radix: 16))",
      "info SYMBOL(swapper_pg_dir)=\(String(virtual + 0x61_0000, radix: 16))",
      "info SYMBOL(init_uts_ns)=\(String(virtual + 0x4_0000, radix: 16))",
      "info OFFSET(uts_namespace.name)=0", "info NUMBER(phys_base)=\(base)",
      "system-name \(hex(kernel + 0x4_0000))",
      "kernel-symbols \(hex(kernel + 0x2_0000)) at \(hex(virtual + 0x2_0000))",
      "symbol _text \(hex(virtual))", "symbol _stext \(hex(virtual))",
      "symbol _end \(hex(virtual + 0x80_0000))",
      "symbol init_uts_ns \(hex(virtual + 0x4_0000))",
      "vmcoreinfo \(hex(notes))",
      "cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=5 "
        + "at=\(hex(notes + 0x4600))",
    ]
    lines += crashLines + mapLines + partLines
    if let strayNote { lines.append("decoy note \(hex(strayNote))") }
    return lines.joined(separator: "\n") + "\n"
  }

  private var crashLines: [String] {
    guard let moment else { return ["header none", "moment running", "name-by nothing"] }
    return [
      "kexec-image \(hex(kexecImage)) at \(hex(0xffff_8880_0000_0000 + kexecImage)) "
        + "\(hex(crash + 0x1_0000))-\(hex(crash + 0x2_0000)) \(hex(crash))-\(hex(crash + 0x1000))",
      "crash \(hex(crash))-\(hex(crash + 0x100_0000))", "producer kernel",
      "header \(hex(crash))", "moment \(moment.rawValue)",
      "name-by boot-params \(hex(crash + 0x1_0000))",
    ]
  }

  private var mapLines: [String] {
    guard hasMap else { return [] }
    let entries =
      "0x0-0x1000 reserved 0x1000-0x9fc00 ram 0x9fc00-0xa0000 reserved "
      + "0xf0000-0x100000 reserved 0x100000-\(hex(lowRAMEnd)) ram "
      + "\(hex(lowRAMEnd))-\(hex(lowEnd)) reserved 0xfffc0000-0x100000000 reserved "
      + "0x100000000-\(hex(highEnd)) ram"
    return [
      "memory-map \(hex(kernel + 0x6_0abc)) \(entries)",
      "memory-map \(hex(0x1_1234_5678)) \(entries)",
    ]
  }

  private var partLines: [String] {
    let hole = "hole \(hex(lowEnd))-0x100000000"
    let all = "end \(hex(highEnd))"
    switch part {
    case .whole: return [hole, all]
    case .withoutDisplay: return ["hole 0xa0000-0xc0000", hole, all]
    case .low: return ["end \(hex(lowEnd))"]
    case .node(let end): return [hole, "end \(hex(end))"]
    case .flat: return [all]
    case .ranges:
      return [
        "base 0x1000", "hole 0x9fc00-0x100000", "hole \(hex(lowRAMEnd))-0x100000000", all,
      ]
    }
  }
}
