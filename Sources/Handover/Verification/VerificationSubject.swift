package import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// What the checks of `verify` look at: what was found in an image, as far as anything was.
package struct VerificationSubject: Sendable {
  /// The memory as it lies: what the purgatory checks.
  let memory: PhysicalMemory
  /// The crashed kernel's memory.
  let crashedMemory: PhysicalMemory
  /// The system that a core header describes, where there is one.
  let system: CrashedSystem?
  /// The kernel whose vmcoreinfo is at hand, with or without a core header.
  let kernel: KernelAtHand?
  /// What the crashed kernel had loaded for a crash.
  let kexec: KexecImage.Answer

  /// A kernel by its vmcoreinfo.
  struct KernelAtHand: Sendable {
    let information: VMCoreInfo
    let architecture: Architecture
    let order: ByteOrder
  }

  /// A crashed system with its core header.
  package init(_ system: CrashedSystem) throws(ReadError) {
    let kernel = system.architecture.flatMap { architecture in
      system.vmCoreInfo.map {
        KernelAtHand(
          information: $0, architecture: architecture, order: system.header.order)
      }
    }
    try self.init(system.imageMemory, system, kernel)
  }

  /// A kernel without a core header.
  init(_ scanned: ScannedVMCoreInfo, in memory: PhysicalMemory) throws(ReadError) {
    try self.init(
      memory, nil,
      KernelAtHand(
        information: scanned.information, architecture: scanned.architecture,
        order: scanned.order))
  }

  private init(
    _ memory: PhysicalMemory, _ system: CrashedSystem?, _ kernel: KernelAtHand?
  ) throws(ReadError) {
    self.memory = memory
    crashedMemory = system?.memory ?? memory
    self.system = system
    self.kernel = kernel
    guard let kernel else {
      kexec = .absent("no vmcoreinfo leads to the kernel's symbol table")
      return
    }
    kexec =
      switch try KernelSymbols.read(
        in: crashedMemory, kernel.information, kernel.architecture, order: kernel.order)
      {
      case .found(let symbols): try KexecImage.read(symbols)
      case .absent(let why): .absent(why)
      case .corrupt(let why): .corrupt(why)
      }
  }

  /// Whether the second kernel has started; nil where nothing tells.
  var hasSecondKernelStarted: Bool? {
    switch system?.moment.phase {
    case .after: true
    case .running, .before: false
    case .crashed, .unknown, nil: nil
    }
  }
}
