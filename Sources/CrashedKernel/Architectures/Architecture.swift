package import Bytes
package import DumpRecords

/// All that depends on the crashed machine's processor: one value for each architecture, and
/// nothing anywhere else asks which one it is.
package struct Architecture: Sendable {
  /// How files tell it.
  package let identity: MachineIdentity
  /// Where its registers stand in `NT_PRSTATUS`.
  package let registers: RegisterPlaces
  /// The page size of every kernel of the architecture, where there is only one.
  package let onlyPageSize: UInt64?
  /// Boundary of a 64-bit integer in a structure, in bytes.
  package let integerAlignment: Int
  /// What vmcoreinfo alone tells of where virtual addresses lie; nil where it lacks a key or no
  /// rule is known.
  package let linearMap: @Sendable (VMCoreInfo) -> LinearMap?
  /// The form of its page tables, and where they begin.
  package let pageTable: @Sendable (PageTableEvidence) throws(ReadError) -> PageTable.Answer
  /// A mapping that neither linear rules nor page tables have.
  package let furtherMapping: (@Sendable (VMCoreInfo, VirtualMemory) throws(ReadError) -> Mapping?)?
  /// What its kernels do with their struct pages.
  package let memoryMap: MemoryMapRules
  /// The variable that holds where the direct map begins, where vmcoreinfo does not say it.
  package let directMapVariable: DirectMapVariable?
  /// Whether a dump needs a load of the kernel image for its readers to find the page tables.
  package let needsImageLoad: Bool
  /// What readers of a dump add to addresses of the kernel image.
  package let physicalBase: PhysicalBase
  /// Whether the second kernel builds the core header itself, from what is left at fixed places.
  package let buildsCoreHeader: Bool
  /// Whether its firmware can keep memory for a dump (fadump).
  package let hasFirmwareDump: Bool
  /// What a backup region tells of who wrote the core header.
  package let backupRegion: BackupMaker
  /// Why nothing can be checked of a crash kernel that was loaded with `kexec_file_load`; nil where
  /// its purgatory checks a digest.
  package let absenceOfPurgatory: String?
  /// What shows that a hypervisor, not the kernel, wrote the notes of a dump.
  package let hypervisor: HypervisorSign

  /// Every architecture; the first match is the one.
  package static let all: [Architecture] = [
    .x86_64, .i386, .aarch64, .arm, .ppc64, .ppc64le, .riscv64, .loongarch64,
    .mips, .mipsel, .mips64, .mips64el, .s390x,
  ]

  /// How files tell each of them.
  package static var identities: [MachineIdentity] { all.map(\.identity) }

  /// What `uname -m` prints.
  package var name: String { identity.name }

  /// The byte order of its kernels.
  package var order: ByteOrder { identity.order }

  /// Size of a register of the kernel in bytes, whatever the class of the header.
  package var wordSize: Int { identity.wordSize }

  /// The architecture of a core header, or nil where none is known.
  package static func of(_ header: CoreHeader) -> Architecture? {
    all.first { $0.identity.matches(header.header.machine, header.elfClass, header.order) }
  }

  /// The first architecture whose files have an `e_machine`, whatever their class and byte order.
  package static func of(_ machine: ELFMachine) -> Architecture? {
    all.first { $0.identity.machines.contains(machine) }
  }

  /// Whether a kernel that calls itself so can be one of this architecture.
  package func isNamed(_ machine: String) -> Bool {
    identity.systemNames.contains { $0.matches(machine) }
  }
}

extension Architecture: Equatable {
  package static func == (one: Architecture, other: Architecture) -> Bool {
    one.identity == other.identity
  }
}

/// A variable of the kernel that says where its direct map begins.
package struct DirectMapVariable: Sendable {
  /// The symbol.
  package let symbol: String
  /// Where the direct map begins in kernels without the variable.
  package let usual: UInt64
  /// Where it can begin, and where it must end.
  package let range: Range<UInt64>
  /// The boundary at which it begins, in bytes.
  package let alignment: UInt64
}

/// What readers of a dump add to addresses of the kernel image (makedumpfile `arch/*.c`,
/// `get_phys_base_*`).
package enum PhysicalBase: Sendable {
  /// Nothing.
  case zero
  /// A number that vmcoreinfo has, else what the loads tell.
  case number(String, otherwise: Otherwise)
  /// The lowest physical address of the loads.
  case lowestLoad

  /// The value, as a bit pattern.
  package func value(_ information: VMCoreInfo?, _ header: CoreHeader) -> UInt64 {
    switch self {
    case .zero: 0
    case .number(let key, let otherwise):
      information?.number(key) ?? otherwise.value(header) ?? 0
    case .lowestLoad: Otherwise.lowestLoad.value(header) ?? 0
    }
  }
}

extension PhysicalBase {
  /// What loads tell of the base.
  package enum Otherwise: Sendable {
    /// The lowest physical address.
    case lowestLoad
    /// Where the load lies that maps the kernel image, less its place in the mapping that begins at
    /// this address (makedumpfile `arch/x86_64.c`, `get_phys_base_x86_64`).
    case imageLoad(from: UInt64)

    fileprivate func value(_ header: CoreHeader) -> UInt64? {
      let loads = header.segments(of: .load).map(\.segment)
      switch self {
      case .lowestLoad: return loads.map(\.physicalAddress).min()
      case .imageLoad(let start):
        return loads.first { $0.virtualAddress >= start && $0.virtualAddress != .max }
          .map { $0.physicalAddress &- ($0.virtualAddress &- start) }
      }
    }
  }
}

/// What a backup region tells of who wrote a core header.
package enum BackupMaker: Sendable {
  /// Nothing.
  case anyone
  /// kexec-tools makes one; without it nothing is told.
  case kexecTools
  /// kexec-tools always makes one, and the kernel never (Linux 5.5 and later).
  case kexecToolsAlways
}

/// What shows that a hypervisor wrote the notes of a dump, beside notes of its own (QEMU
/// `target/*/arch_dump.c`, `dump/dump.c`).
package enum HypervisorSign: Equatable, Sendable {
  /// Floating point registers, which the kernel does not save.
  case floatingPoint
  /// The same, or loads whose virtual addresses are the physical ones.
  case floatingPointOrFlatLoads
  /// Nothing.
  case none
}
