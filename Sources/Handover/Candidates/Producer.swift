package import Bytes
internal import CrashedKernel
internal import DumpRecords

/// Who wrote the core header. Both write the same tables; what differs is how they announce it.
package struct Producer: Equatable, Sendable {
  package var kind: Kind
  /// What the answer rests on, in words.
  package var evidence: Message

  /// The two that exist.
  package enum Kind: String, Sendable {
    /// `kexec -p` through `kexec_load`.
    case kexecTools = "kexec-tools"
    /// The kernel itself, through `kexec_file_load`.
    case kernel
    /// Nobody yet: the second kernel would have built it when it starts (s390x).
    case secondKernel = "second kernel"
    /// This program: there is no usable header.
    case standalone = "vmcoregen"
    /// Whoever wrote the dump file: its own header is kept.
    case dumpFile = "dump file"
    /// Nothing tells.
    case unknown
  }

  /// kexec-tools rounds the header's size up to 1024 bytes, the kernel to 4096; on x86_64 only
  /// kexec-tools has made a backup region since Linux 5.5.
  static func of(_ header: CoreHeader, named: [NamedPlace], backup: Bool) -> Producer {
    if let place = named.first(where: { $0.locator == .fadump }) {
      return Producer(kind: .kernel, evidence: "it is of a firmware-assisted dump (\(place.by))")
    }
    if let size = named.compactMap({ $0.parameter.size }).first {
      return size % 4096 == 0
        ? Producer(kind: .kernel, evidence: "its region of \(size.hex) bytes is whole pages")
        : Producer(
          kind: .kexecTools, evidence: "its region of \(size.hex) bytes is no whole page")
    }
    switch (Architecture.of(header.header.machine)?.backupRegion ?? .anyone, backup) {
    case (.kexecTools, true), (.kexecToolsAlways, true):
      return Producer(kind: .kexecTools, evidence: "it has a backup region")
    case (.kexecToolsAlways, false):
      return Producer(kind: .kernel, evidence: "it has no backup region")
    case (.anyone, _), (.kexecTools, false): break
    }
    return Producer(kind: .unknown, evidence: "nothing in the image tells")
  }
}
