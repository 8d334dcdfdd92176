internal import Bytes
internal import DumpRecords
package import MemoryImages

/// An image with every check over it.
package struct VerifiedImage: Sendable {
  /// The system that a core header describes, where there is one.
  package let system: CrashedSystem?
  /// The rows; none where nothing in the image can be verified.
  package let verification: Verification

  /// Finds what is in an image and checks it. Without a core header, the kernel that a sound
  /// VMCOREINFO note describes is checked as far as that goes.
  package init(_ image: MemoryImage, _ options: SearchOptions) throws(SearchError) {
    var options = options
    options.isThorough = true
    let scene = Scene(image, options)
    var found = try rethrow(as: SearchError.read, SystemFinder.findHandedOver(in: scene))
    if case .failure(.stale(let header, _)) = found {
      // The checks say what is wrong with it.
      options.coreHeader = ELFCoreHeaderParameter(address: header.address)
      found = try rethrow(as: SearchError.read, SystemFinder.findNamed(by: options, in: scene))
    }
    switch found {
    case .success(let system): self = try VerifiedImage(system)
    case .failure(.notFound):
      system = nil
      verification = try rethrow(as: SearchError.read, VerifiedImage.verification(of: scene))
    case .failure(let error): throw error
    }
  }

  /// A crashed system and its checks.
  package init(_ system: CrashedSystem) throws(SearchError) {
    self.system = system
    verification = try rethrow(
      as: SearchError.read, Verification(try VerificationSubject(system)))
  }

  /// What can be checked of the kernel that a sound VMCOREINFO note describes.
  private static func verification(of scene: Scene) throws(ReadError) -> Verification {
    let proved = try ProvedLayout(in: scene) { evidence, view throws(ReadError) in
      try VMCoreInfoSearch(evidence, in: view).found.first.map { (found: $0, scanned: $0) }
    }
    guard case .found(let scanned, let view) = proved else { return Verification(rows: []) }
    return try Verification(VerificationSubject(scanned, in: view.memory))
  }
}
