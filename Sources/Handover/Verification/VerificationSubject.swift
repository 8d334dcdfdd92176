package import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// What the checks of `verify` look at: what was found in an image, as far as anything was.
package struct VerificationSubject: Sendable {
  /// The memory as it lies: what the purgatory checks.
  let memory: PhysicalMemory
  /// The system that a core header describes, where there is one.
  let system: CrashedSystem?
  /// The vmcoreinfo that is at hand, with or without a core header.
  let information: VMCoreInfo?
  /// The kernel that it describes, where it says where that lies.
  let kernel: Kernel?
  /// What the crashed kernel had loaded for a crash.
  let kexec: Answer<KexecImage>

  /// A crashed system with its core header.
  package init(_ system: CrashedSystem) throws(ReadError) {
    memory = system.imageMemory
    self.system = system
    information = system.architecture == nil ? nil : system.vmCoreInfo
    kernel = system.kernel
    kexec =
      information == nil
      ? .absent(KexecImageLocator.absence) : try Kernel.kexecImage(of: system.kernel)
  }

  /// A kernel without a core header.
  init(_ scanned: ScannedVMCoreInfo, in memory: PhysicalMemory) throws(ReadError) {
    self.memory = memory
    system = nil
    information = scanned.kernel.information
    kernel = scanned.kernel
    kexec = try KexecImage.read(scanned.kernel)
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
