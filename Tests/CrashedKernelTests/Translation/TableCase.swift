import Bytes
import CrashedKernel
import Testing

/// A form of page tables, and how a test writes such tables.
struct TableCase: Sendable, CustomTestStringConvertible {
  typealias Step = TableModel.Step

  let name: String
  let form: PageTableForm
  let steps: [Step]
  var entrySize: UInt64 = 8
  var order = ByteOrder.little
  /// The lowest address that the tables are tried with, and how many of its lower bits are free.
  let base: UInt64
  let free: UInt64
  /// Bits of a physical address that an entry can hold.
  let physicalBits: UInt64
  /// Addresses that no table can map.
  let foreign: [UInt64]
  /// Entries that no kernel writes, by step.
  let impossible: [(step: Int, entry: UInt64)]

  var testDescription: String { name }

  func model() -> TableModel { TableModel(steps, entrySize: entrySize, order: order) }

  /// The steps that can map memory.
  var leaves: [Int] { steps.indices.filter { steps[$0].leaf != nil } }

  /// An address that the tables can map, made of a random number.
  func address(_ number: UInt64) -> UInt64 { base | number % (1 << free) }

  /// A physical address for a leaf of a step, made of a random number.
  func physical(_ number: UInt64, _ step: Int) -> UInt64 {
    number % (1 << physicalBits) & ~((1 << steps[step].shift) - 1)
  }

  static let all: [TableCase] = x86 + arm64 + arm + s390 + riscv + power + loongArch
}

extension TableCase {
  /// Intel SDM 3A, 4.3 to 4.5: P 0, RW 1, US 2, A 5, D 6, PS 7, G 8, PAT 7 or 12, NX 63.
  private static func x86_64(levels: Int, mask: UInt64) -> TableCase {
    let table: @Sendable (UInt64) -> UInt64 = { $0 | 0x67 | mask }
    let large: @Sendable (UInt64) -> UInt64 = { $0 | 1 << 63 | 0x11e3 | mask }
    let page: @Sendable (UInt64) -> UInt64 = { $0 | 1 << 63 | 0x1e3 | mask }
    let steps = [
      Step(shift: 48, bits: 9, table: table), Step(shift: 39, bits: 9, table: table),
      Step(shift: 30, bits: 9, table: table, leaf: large),
      Step(shift: 21, bits: 9, table: table, leaf: large),
      Step(shift: 12, bits: 9, leaf: page),
    ]
    return TableCase(
      name: "x86_64, \(levels) levels" + (mask == 0 ? "" : ", encrypted"),
      form: .x86_64(levels: levels, encryption: mask), steps: Array(steps.suffix(levels)),
      base: levels == 4 ? 0xffff_8000_0000_0000 : 0xff00_0000_0000_0000,
      free: levels == 4 ? 47 : 56, physicalBits: mask == 0 ? 52 : 47,
      foreign: levels == 4
        ? [0x8000_0000_0000, 0xffff_7fff_ffff_ffff]
        : [0x100_0000_0000_0000, 0xfeff_ffff_ffff_ffff],
      impossible: [(0, 0x20_00e7)])
  }

  private static let x86: [TableCase] = [
    x86_64(levels: 4, mask: 0), x86_64(levels: 5, mask: 0), x86_64(levels: 4, mask: 1 << 47),
    x86_64(levels: 5, mask: 1 << 51),
    TableCase(
      name: "i386 with PAE", form: .i386PAE,
      steps: [
        Step(shift: 30, bits: 2, table: { $0 | 1 }),
        Step(shift: 21, bits: 9, table: { $0 | 0x67 }, leaf: { $0 | 1 << 63 | 0x11e3 }),
        Step(shift: 12, bits: 9, leaf: { $0 | 1 << 63 | 0x163 }),
      ], base: 0xc000_0000, free: 30, physicalBits: 36,
      foreign: [1 << 32, 0xffff_ffff_c000_0000], impossible: [(0, 0x30_0081)]),
    TableCase(
      name: "i386 without PAE", form: .i386,
      steps: [
        Step(
          shift: 22, bits: 10, table: { $0 | 0x67 },
          leaf: { $0 & 0xffff_ffff | ($0 >> 32) << 13 | 0x11e3 }),
        Step(shift: 12, bits: 10, leaf: { $0 & 0xffff_ffff | 0x163 }),
      ], entrySize: 4, base: 0xc000_0000, free: 30, physicalBits: 32,
      foreign: [1 << 32, .max], impossible: []),
  ]

  /// Arm ARM D8.3: descriptors 01 block, 11 table or page; SH 9:8, AF 10, contiguous 52, XN 53, 54.
  private static func arm64(
    _ name: String, pageShift: Int, bits: Int, configured: Int? = nil, _ fields: [(UInt64, UInt64)],
    blocks: [UInt64], high: (from: UInt64, to: UInt64, mask: UInt64)? = nil, physicalBits: UInt64
  ) -> TableCase {
    let fold: @Sendable (UInt64) -> UInt64 = { address in
      guard let high else { return address }
      let low = address & (1 << high.from - 1)
      return low | (address >> high.from & high.mask) << high.to
    }
    let share: UInt64 = high?.to == 8 ? 0 : 3 << 8
    return TableCase(
      name: "arm64, \(name)",
      form: .arm64(pageShift: pageShift, bits: bits, configured: configured ?? bits),
      steps: fields.map { shift, count in
        let isPage = shift == UInt64(pageShift)
        let leaf: @Sendable (UInt64) -> UInt64 = {
          fold($0) | 1 << 54 | 1 << 52 | 1 << 10 | share | (isPage ? 3 : 1)
        }
        return Step(
          shift: shift, bits: count, table: { fold($0) | 1 << 59 | 3 },
          leaf: isPage || blocks.contains(shift) ? leaf : nil)
      }, base: 0 &- (1 << UInt64(bits)), free: UInt64(bits), physicalBits: physicalBits,
      foreign: [0, (0 &- (1 << UInt64(bits))) - 1],
      impossible: [(fields.count - 1, 0x4000_0401)]
        + fields.indices.filter { !blocks.contains(fields[$0].0) && $0 < fields.count - 1 }.map {
          ($0, 0x4000_0401)
        })
  }

  private static let arm64: [TableCase] = [
    arm64(
      "4K pages, 39 bits", pageShift: 12, bits: 39, [(30, 9), (21, 9), (12, 9)],
      blocks: [30, 21], physicalBits: 48),
    arm64(
      "4K pages, 48 bits of 52", pageShift: 12, bits: 48, configured: 52,
      [(39, 9), (30, 9), (21, 9), (12, 9)], blocks: [30, 21], physicalBits: 48),
    arm64(
      "4K pages, LPA2", pageShift: 12, bits: 52, [(48, 4), (39, 9), (30, 9), (21, 9), (12, 9)],
      blocks: [39, 30, 21], high: (50, 8, 3), physicalBits: 52),
    arm64(
      "16K pages, 36 bits", pageShift: 14, bits: 36, [(25, 11), (14, 11)], blocks: [25],
      physicalBits: 48),
    arm64(
      "16K pages, 47 bits of 52", pageShift: 14, bits: 47, configured: 52,
      [(36, 11), (25, 11), (14, 11)], blocks: [25], physicalBits: 48),
    arm64(
      "16K pages, 48 bits", pageShift: 14, bits: 48, [(47, 1), (36, 11), (25, 11), (14, 11)],
      blocks: [25], physicalBits: 48),
    arm64(
      "16K pages, LPA2", pageShift: 14, bits: 52, [(47, 5), (36, 11), (25, 11), (14, 11)],
      blocks: [36, 25], high: (50, 8, 3), physicalBits: 52),
    arm64(
      "64K pages, 42 bits", pageShift: 16, bits: 42, [(29, 13), (16, 13)], blocks: [29],
      physicalBits: 48),
    arm64(
      "64K pages, 48 bits", pageShift: 16, bits: 48, [(42, 6), (29, 13), (16, 13)],
      blocks: [42, 29], physicalBits: 48),
    arm64(
      "64K pages, 48 bits of 52", pageShift: 16, bits: 48, configured: 52,
      [(42, 10), (29, 13), (16, 13)], blocks: [42, 29], high: (48, 12, 15), physicalBits: 52),
    arm64(
      "64K pages, 52 bits", pageShift: 16, bits: 52, [(42, 10), (29, 13), (16, 13)],
      blocks: [42, 29], high: (48, 12, 15), physicalBits: 52),
  ]

  /// ARM DDI 0406C, B3.5 (short: 01 table, 1x section or page) and B3.6 (long).
  private static let arm: [TableCase] = [
    TableCase(
      name: "arm, short descriptors", form: .armShort,
      steps: [
        Step(shift: 20, bits: 12, table: { $0 | 1 }, leaf: { $0 | 0x1_140e }),
        Step(shift: 12, bits: 8, leaf: { $0 | 0x45e }),
      ], entrySize: 4, base: 0xc000_0000, free: 30, physicalBits: 32, foreign: [1 << 32, .max],
      impossible: []),
    TableCase(
      name: "arm, LPAE", form: .armLPAE,
      steps: [
        Step(shift: 30, bits: 2, table: { $0 | 3 }, leaf: { $0 | 0x711 }),
        Step(shift: 21, bits: 9, table: { $0 | 3 }, leaf: { $0 | 1 << 54 | 0x711 }),
        Step(shift: 12, bits: 9, leaf: { $0 | 1 << 54 | 0x713 }),
      ], base: 0xc000_0000, free: 30, physicalBits: 40, foreign: [1 << 32, .max],
      impossible: [(2, 0x4000_0711)]),
  ]

  /// z/Architecture Principles of Operation, "Translation Tables" (bits counted from the right):
  /// invalid 5, type 3:2, length 1:0, offset 7:6, format control 10; page: invalid 10, zero 11.
  private static let s390: [TableCase] = (0...3).map { (first: UInt64) in
    let steps = [
      Step(shift: 53, bits: 11, table: { $0 | 0xf }, empty: 0x2c),
      Step(shift: 42, bits: 11, table: { $0 | 0xb }, empty: 0x28),
      Step(shift: 31, bits: 11, table: { $0 | 0x7 }, leaf: { $0 | 0x404 }, empty: 0x24),
      Step(shift: 20, bits: 11, table: { $0 }, leaf: { $0 | 0x400 }, empty: 0x20),
      Step(shift: 12, bits: 8, leaf: { $0 | 0x214 }, empty: 0x400),
    ].suffix(Int(first) + 2)
    return TableCase(
      name: "s390x, \(first + 2) levels", form: .s390x(from: first), steps: Array(steps),
      order: .big, base: 0, free: [31, 42, 53, 64 - 1][Int(first)], physicalBits: 54,
      foreign: first == 3 ? [] : [1 << (31 + 11 * first), .max],
      impossible: [
        (0, first << 2 ^ 0x4000_0008), (Int(first) + 1, 0x4000_0800),
        (Int(first), 1 << 60 | 0x400),
      ])
  }

  /// RISC-V privileged architecture, "Sv39": V 0, R 1, W 2, X 3, U 4, G 5, A 6, D 7, number 53:10,
  /// PBMT 62:61, N 63.
  private static let riscv: [TableCase] = [39, 48, 57].map { (bits: UInt64) in
    let shifts: [UInt64] = Array([48, 39, 30, 21, 12].suffix(bits == 39 ? 3 : bits == 48 ? 4 : 5))
    let half = 0 &- (UInt64(1) << (bits - 1))
    return TableCase(
      name: "riscv64, sv\(bits)", form: .riscv64(bits: Int(bits)),
      steps: shifts.map { shift in
        Step(
          shift: shift, bits: 9, table: { $0 >> 2 | 1 },
          leaf: { $0 >> 2 | 1 << 61 | (shift == 21 ? 0xc9 : 0xe7) })
      }, base: half, free: bits - 1, physicalBits: 56, foreign: [0 &- half, half - 1],
      impossible: [(shifts.count - 1, 0x4001)])
  }

  /// Power ISA 3, "Radix Tree Translation": V 63, L 62, 2^size entries follow 4:0; and Linux's
  /// tables for the hash MMU, whose upper levels are bare addresses.
  private static func power(
    _ name: String, _ form: PageTableForm, _ fields: [(UInt64, UInt64)], isRadix: Bool
  ) -> TableCase {
    let mark: UInt64 = isRadix ? 1 << 63 : 0
    return TableCase(
      name: "ppc64, \(name)", form: form,
      steps: fields.enumerated().map { number, field in
        Step(
          shift: field.0, bits: field.1,
          table: { $0 | mark | (isRadix ? fields[number + 1].1 : 0) },
          leaf: { $0 | 0xc000_0000_0000_018e })
      }, order: .big, base: 0xc000 << 48, free: fields[0].0 + fields[0].1, physicalBits: 53,
      foreign: [0, 0xd000 << 48, 0xc010 << 48, .max],
      impossible: [(0, mark | 1 << 60), (fields.count - 1, 1 << 63 | 0x4000_018e)])
  }

  private static let power: [TableCase] = [
    power(
      "radix, 4K pages", .powerRadix(pageShift: 12), [(39, 13), (30, 9), (21, 9), (12, 9)],
      isRadix: true),
    power(
      "radix, 64K pages", .powerRadix(pageShift: 16), [(39, 13), (30, 9), (21, 9), (16, 5)],
      isRadix: true),
    power(
      "hash, 4K pages", .powerHash(pageShift: 12), [(37, 9), (28, 9), (21, 7), (12, 9)],
      isRadix: false),
    power(
      "hash, 64K pages", .powerHash(pageShift: 16), [(44, 8), (34, 10), (24, 10), (16, 8)],
      isRadix: false),
  ]

  /// `arch/loongarch/include/asm/pgtable-bits.h`: V 0, D 1, cache 5:4, huge or global 6, present 7,
  /// W 8, modified 9, NX 62; tables by addresses of the cached window.
  private static let loongArch: [TableCase] = [
    (12, 3), (12, 4), (14, 3), (16, 2),
  ].map { (shift: UInt64, levels: UInt64) in
    let bits = shift - 3
    let top = shift + bits * levels
    return TableCase(
      name: "loongarch64, \(1 << (shift - 10))K pages, \(levels) levels",
      form: .loongarch64(pageShift: Int(shift), levels: Int(levels)),
      steps: (0..<levels).reversed().map { number in
        let leaf: @Sendable (UInt64) -> UInt64 = { $0 | (number == 0 ? 0x3d3 : 0x13d3) | 1 << 62 }
        return Step(
          shift: shift + bits * number, bits: bits, table: { $0 | 0x9000 << 48 },
          leaf: number > 1 ? nil : leaf)
      }, base: 0 &- (1 << top), free: top, physicalBits: 48, foreign: [0, 0x9000 << 48],
      impossible: levels > 2 ? [(0, 0x9000_0000_0000_0040)] : [])
  }
}
