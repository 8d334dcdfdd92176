package import DumpRecords

/// What one way of finding the core header answered.
package struct LocatorReport: Equatable, Sendable {
  /// The locator's name.
  package var locator: Locator
  package var answer: LocatorAnswer

  /// One line of `info`.
  package init(_ locator: Locator, _ answer: LocatorAnswer) {
    self.locator = locator
    self.answer = answer
  }
}

/// *Absent* falls through to the next locator; *corrupt* is said.
package enum LocatorAnswer: Equatable, Sendable {
  /// Nothing there, and why.
  case absent(String)
  /// A place, with what named it.
  case found(ELFCoreHeaderParameter, by: String)
  /// Everything that a header is built from, and where.
  case built(String)
  /// Something there that cannot be true, and why.
  case corrupt(String)
}

/// The ways to find the core header, in the order in which they are believed.
package enum Locator: String, CaseIterable, Sendable {
  /// `--elfcorehdr`
  case option = "option"
  /// The fixed places of an s390x kernel.
  case lowcore = "lowcore"
  /// The second kernel's command line through x86 boot_params.
  case bootParameters = "boot_params"
  /// A device tree's `/chosen`.
  case deviceTree = "device tree"
  /// What a ppc64 kernel leaves where firmware starts the second kernel.
  case fadump = "fadump"
  /// The segments of the kexec image that the crashed kernel had loaded.
  case kexecImage = "kexec image"
  /// The list of regions that the purgatory checks.
  case purgatory = "purgatory"
  /// Every header that stands at the start of a page.
  case pageScan = "scan at 4096"
  /// Every header at a multiple of 1024 bytes.
  case fineScan = "scan at 1024"
}
