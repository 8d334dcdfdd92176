/// What a recipe needs to know of an architecture.
package struct RecipeArchitecture: Sendable, Equatable {
  /// The name that a recipe uses.
  package let name: String
  /// e_machine.
  package let machine: UInt64
  /// 32 or 64: the class of the core header, and the width of registers.
  package let wordBits: Int
  /// The usual byte order.
  package let order: RecipeOrder
  /// The usual page size.
  package let pageSize: UInt64
  /// sizeof(struct elf_prstatus).
  package let statusSize: Int
  /// The index of the program counter in pr_reg.
  package let counterIndex: Int
  /// The index of the stack pointer in pr_reg.
  package let stackIndex: Int
  /// The virtual address of the direct map.
  package let pageOffset: UInt64
  /// Whether the direct map starts at the first RAM instead of at physical address 0.
  package let mapsFromFirstRAM: Bool

  private init(
    _ name: String, machine: UInt64, bits: Int, _ order: RecipeOrder = .little,
    page: UInt64 = 4096, status: Int, counter: Int, stack: Int, map: UInt64,
    fromFirstRAM: Bool = false
  ) {
    self.name = name
    self.machine = machine
    self.wordBits = bits
    self.order = order
    self.pageSize = page
    self.statusSize = status
    self.counterIndex = counter
    self.stackIndex = stack
    self.pageOffset = map
    self.mapsFromFirstRAM = fromFirstRAM
  }

  /// The offset of pr_reg in struct elf_prstatus.
  package var registersOffset: Int { wordBits == 64 ? 112 : 72 }
  /// The offset of pr_pid in struct elf_prstatus.
  package var processOffset: Int { wordBits == 64 ? 32 : 24 }
  /// The size of one register.
  package var registerSize: Int { wordBits / 8 }
  /// The size of the kernel's note buffer of one CPU.
  package var noteBufferSize: UInt64 { UInt64(32 + statusSize) }
  /// Physical addresses that the direct map of a 32-bit x86 kernel does not reach.
  package var lowMemoryLimit: UInt64? { name == "i386" ? 0x3800_0000 : nil }

  /// Every architecture that a recipe can name.
  package static let all: [RecipeArchitecture] = [
    .init(
      "x86_64", machine: 62, bits: 64, status: 336, counter: 16, stack: 19,
      map: 0xffff_8880_0000_0000),
    .init("i386", machine: 3, bits: 32, status: 144, counter: 12, stack: 15, map: 0xc000_0000),
    .init(
      "arm", machine: 40, bits: 32, status: 148, counter: 15, stack: 13, map: 0xc000_0000,
      fromFirstRAM: true),
    .init(
      "arm64", machine: 183, bits: 64, status: 392, counter: 32, stack: 31,
      map: 0xffff_0000_0000_0000, fromFirstRAM: true),
    .init(
      "ppc64", machine: 21, bits: 64, .big, page: 65536, status: 504, counter: 32, stack: 1,
      map: 0xc000_0000_0000_0000),
    .init(
      "ppc64le", machine: 21, bits: 64, page: 65536, status: 504, counter: 32, stack: 1,
      map: 0xc000_0000_0000_0000),
    .init(
      "riscv64", machine: 243, bits: 64, status: 376, counter: 0, stack: 2,
      map: 0xffff_ffd8_0000_0000, fromFirstRAM: true),
    .init(
      "loongarch64", machine: 258, bits: 64, page: 16384, status: 480, counter: 33, stack: 3,
      map: 0x9000_0000_0000_0000),
    .init(
      "mips", machine: 8, bits: 32, .big, status: 256, counter: 40, stack: 35, map: 0x8000_0000),
    .init("mipsel", machine: 8, bits: 32, status: 256, counter: 40, stack: 35, map: 0x8000_0000),
    .init(
      "mips64", machine: 8, bits: 64, .big, status: 480, counter: 34, stack: 29,
      map: 0xffff_ffff_8000_0000),
    .init(
      "mips64el", machine: 8, bits: 64, status: 480, counter: 34, stack: 29,
      map: 0xffff_ffff_8000_0000),
    .init("s390x", machine: 22, bits: 64, .big, status: 336, counter: 1, stack: 17, map: 0),
  ]

  /// The architecture of a name.
  package static func named(_ name: String) -> RecipeArchitecture? {
    all.first { $0.name == name }
  }
}
