internal import Bytes
internal import CrashedKernel
package import DumpRecords
internal import MemoryImages

/// What the headers of a dump say of the machine beside its memory and notes.
package struct MachineDescription: Sendable {
  /// What `uname -a` printed on the crashed machine: from the kernel's `init_uts_ns` where it can
  /// be reached, else what the headers of a kept dump say, the release that vmcoreinfo tells and
  /// the machine that the header is for.
  package let systemName: UTSName
  /// What readers of a dump add to addresses of the kernel image; a bit pattern.
  package let physicalBase: UInt64
  /// The number of CPUs, at least 1: what a kept dump says, else those whose notes are there.
  package let processorCount: Int
  /// What a kept dump says was left out: bits, 0 for nothing.
  package let dumpLevel: UInt32

  /// The machine of a crashed system. A name that cannot be read is one that is not there.
  package init(of system: CrashedSystem) {
    let kept = system.stored?.machine
    systemName = MachineDescription.name(of: system)
    // What a hypervisor does not know is zero in its dumps.
    let base = kept?.physicalBase ?? 0
    physicalBase =
      base != 0
      ? base : system.architecture?.physicalBase.value(system.vmCoreInfo, system.header) ?? 0
    processorCount = max(1, kept.map { Int($0.processorCount) } ?? system.processors.count)
    dumpLevel = kept?.dumpLevel ?? 0
  }

  private static func name(of system: CrashedSystem) -> UTSName {
    if let name = ownName(of: system) { return name }
    var name = system.stored?.machine?.systemName ?? UTSName()
    if name.system.isEmpty { name.system = "Linux" }
    if let release = system.linuxInformation?.release { name.release = release }
    if let architecture = system.architecture, !architecture.isNamed(name.machine) {
      name.machine = architecture.name
    }
    // libkdumpfile takes none of them where the version is empty; the others are what a kernel
    // begins with (`init/version.c`).
    if name.version.isEmpty { name.version = "(unknown)" }
    if name.node.isEmpty { name.node = "(none)" }
    if name.domain.isEmpty { name.domain = "(none)" }
    return name
  }

  /// The six fields in the kernel's memory, by the rules of the architecture, then by the virtual
  /// addresses of the loads.
  private static func ownName(of system: CrashedSystem) -> UTSName? {
    guard let information = system.vmCoreInfo else { return nil }
    if let name = try? system.kernel?.systemName()?.names, isSound(name, information) {
      return name
    }
    let loads = system.header.segments(of: .load).filter { system.unsoundLoads[$0.index] == nil }
    let memory = VirtualMemory(
      system.memory, order: system.header.order, wordSize: system.header.elfClass.wordSize,
      mappings: [.loads(loads.map(\.segment))])
    guard let name = try? SystemName(information, in: memory)?.names, isSound(name, information)
    else { return nil }
    return name
  }

  /// Whether it is the name of the kernel that vmcoreinfo describes.
  private static func isSound(_ name: UTSName, _ information: VMCoreInfo) -> Bool {
    name.system == "Linux" && !name.machine.isEmpty
      && (information.release == nil || information.release == name.release)
  }
}
