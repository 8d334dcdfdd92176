package import DumpRecords

/// What the headers of a kdump-compressed file say of the machine beside its memory and notes: its
/// copy keeps it, for neither memory nor notes need to tell it again.
package struct StoredMachine: Sendable {
  /// What `uname` printed; any text of it may be empty.
  package let systemName: UTSName  // utsname
  /// The CPUs, also those that saved no registers.
  package let processorCount: UInt32  // nr_cpus
  /// What is added to addresses of the kernel image.
  package let physicalBase: UInt64  // phys_base
  /// What makedumpfile left out (`-d`): bits, 0 for nothing.
  package let dumpLevel: UInt32  // dump_level

  init(_ file: KdumpFile) {
    systemName = file.header.systemName
    processorCount = file.header.processorCount
    physicalBase = file.subHeader.physicalBase
    dumpLevel = file.subHeader.dumpLevel
  }
}
