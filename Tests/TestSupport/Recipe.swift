/// A machine that crashed and the image of its memory, as a text recipe describes them.
package struct Recipe: Sendable, Equatable {
  /// The moment that the image shows.
  package enum Moment: String, Sendable, Equatable {
    /// Nothing has crashed.
    case running
    /// Crashed; the purgatory has not run yet.
    case before
    /// The second kernel runs.
    case after
  }

  /// Who made the core header.
  package enum Producer: String, Sendable, Equatable {
    case kexecTools = "kexec-tools"
    case kernel
  }

  /// A range of low memory that the purgatory moves out of the second kernel's way.
  package struct Backup: Sendable, Equatable {
    /// The addresses as the crashed kernel used them.
    package var source: Range<UInt64>
    /// Where the purgatory copies them to.
    package var address: UInt64
  }

  /// The PT_LOAD of the kernel image.
  package struct KernelText: Sendable, Equatable {
    /// p_vaddr.
    package var virtual: UInt64
    /// p_paddr and p_offset.
    package var physical: UInt64
    /// p_memsz.
    package var size: UInt64
  }

  /// Bytes that overwrite the finished memory.
  package struct Damage: Sendable, Equatable {
    /// The first address.
    package var address: UInt64
    /// The bytes.
    package var bytes: [UInt8]
  }

  /// The architecture.
  package var architecture: RecipeArchitecture
  /// 32 or 64, if not the architecture's own.
  package var headerClass: Int?
  /// The byte order, if not the architecture's own.
  package var byteOrder: RecipeOrder?
  /// The page size, if not the architecture's own.
  package var givenPageSize: UInt64?
  /// The start of the direct map, if not the architecture's own.
  package var pageOffset: UInt64?
  /// System RAM.
  package var ram: [Range<UInt64>] = []
  /// The tables in which an x86 kernel keeps the firmware's memory map.
  package var memoryMaps: [RecipeMemoryMap] = []
  /// Contents of memory, in order.
  package var fills: [RecipeFill] = []
  /// The CPUs.
  package var cpus: [RecipeCPU] = []
  /// The vmcoreinfo note.
  package var vmcoreinfo = RecipeVMCoreInfo()
  /// The address of init_uts_ns' struct new_utsname.
  package var systemName: UInt64?
  /// The kernel's symbol table.
  package var kernelSymbols: RecipeKernelSymbols?
  /// The kernel's log.
  package var log: RecipeLog?
  /// Who made the core header.
  package var producer = Producer.kexecTools
  /// The crash regions.
  package var crash: [Range<UInt64>] = []
  /// The address of the core header; nil: there is none.
  package var header: UInt64?
  /// The backup region.
  package var backup: Backup?
  /// What firmware did instead of the purgatory; nil: nothing.
  package var fadump: RecipeFadump?
  /// The release of the second kernel; nil: the crashed one's.
  package var secondRelease: String?
  /// The page size of the second kernel; nil: the crashed one's.
  package var secondPageSize: UInt64?
  /// Kernels that run beside the crashed one's leftovers.
  package var otherKernels: [RecipeOtherKernel] = []
  /// The moment that the image shows.
  package var moment = Moment.before
  /// The PT_LOAD of the kernel image.
  package var kernelText: KernelText?
  /// Changes to the program headers, in order.
  package var loadEdits: [RecipeLoadEdit] = []
  /// What names the header.
  package var naming: [RecipeNaming] = []
  /// What misleads.
  package var decoys: [RecipeDecoy] = []
  /// Where the second kernel's merged header lies; nil: somewhere in the crash region.
  package var mergedHeader: UInt64?
  /// Whether the second kernel's merged header is left out.
  package var omitsMergedHeader = false
  /// The address of the first byte of the file.
  package var base: UInt64 = 0
  /// The address behind the last byte of the file; nil: the end of RAM.
  package var end: UInt64?
  /// Addresses that the file leaves out.
  package var holes: [Range<UInt64>] = []
  /// The size that the file is cut to.
  package var truncation: UInt64?
  /// Bytes overwritten last.
  package var damage: [Damage] = []
  /// What an s390x kernel leaves for the second one; nil: nothing.
  package var s390: RecipeS390?
  /// What a test expects.
  package var expectation = RecipeExpectation()

  /// A recipe of an architecture without anything else.
  package init(architecture: RecipeArchitecture) {
    self.architecture = architecture
  }

  /// 32 or 64: the class of the core header.
  package var bits: Int { headerClass ?? architecture.wordBits }
  /// The byte order.
  package var order: RecipeOrder { byteOrder ?? architecture.order }
  /// The page size of the crashed kernel.
  package var pageSize: UInt64 { givenPageSize ?? architecture.pageSize }
  /// The page size of the second kernel.
  package var corePageSize: UInt64 { secondPageSize ?? pageSize }
  /// The layout that the second kernel writes.
  package var compat: LayoutModel.Compat { .ofRelease(secondRelease ?? vmcoreinfo.release) }
}
