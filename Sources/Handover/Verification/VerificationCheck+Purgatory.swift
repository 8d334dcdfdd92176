internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

extension VerificationCheck {
  /// The digest that the purgatory compares before it starts the second kernel.
  static let purgatory = VerificationCheck { subject throws(ReadError) in
    guard let digest = try subject.purgatoryDigest() else {
      return [subject.rowWithoutPurgatory]
    }
    return [digest.row(in: subject)]
  }
}

extension VerificationSubject {
  /// The purgatory's list, found through the kexec image, else around the core header, with the
  /// digest of what it lists.
  func purgatoryDigest() throws(ReadError) -> PurgatoryDigest? {
    var list: PurgatoryList?
    if let image = kexec.value, let kernel {
      list = try PurgatoryList.find(of: image, order: kernel.order, in: memory)
    }
    if list == nil, let system, let address = system.headerAddress {
      list = try PurgatoryList.find(naming: address, of: system.header, in: memory)
    }
    guard let list else { return nil }
    return try PurgatoryDigest(list, backup: system?.backup?.copy, in: memory)
  }

  /// Why there is no list.
  fileprivate var rowWithoutPurgatory: Verification.Row {
    let name = "purgatory"
    if let reason = reasonForNoPurgatory {
      return Verification.Row(name, .nothing, "not applicable", reason)
    }
    if hasSecondKernelStarted == true {
      return Verification.Row(
        name, .expected, "gone",
        "the second kernel has started and uses the purgatory's memory for itself; the purgatory "
          + "compared its digest before that")
    }
    if system == nil, case .absent(let why) = kexec {
      return Verification.Row(name, .nothing, "not applicable", why)
    }
    return Verification.Row(
      name, .nothing, "not found",
      "no list of checked regions names the loaded segments: what would be started is not "
        + "verified")
  }

  private var reasonForNoPurgatory: String? {
    guard let system, system.producer.kind == .kernel else { return nil }
    return system.architecture?.absenceOfPurgatory
  }

  /// What a region of the list holds, as far as anything tells.
  fileprivate func content(of region: Range<UInt64>) -> String {
    var parts: [String] = []
    if let system {
      if let address = system.headerAddress, region.contains(address) {
        parts.append("core header")
      }
      if let backup = system.backup, backup.copy.overlaps(region) { parts.append("backup") }
      if let merged = system.mergedHeader, region.contains(merged) {
        parts.append("second kernel's memory")
      }
      parts += system.namedBy.filter { region.contains($0.namedAt) }.map {
        $0.locator == .deviceTree ? "device tree" : "boot parameters"
      }
    }
    return parts.isEmpty ? "" : " (\(Set(parts).sorted().joined(separator: ", ")))"
  }
}

extension PurgatoryDigest {
  /// Why a system is refused because the purgatory would have refused it, where the user wants
  /// that: as long as the second kernel has not started, it would compare the digest now.
  static func refusal(
    of system: CrashedSystem, _ options: SearchOptions
  ) throws(ReadError) -> SearchError? {
    guard options.verifiesDigest else { return nil }
    let subject = try VerificationSubject(system)
    guard subject.hasSecondKernelStarted != true,
      let digest = try subject.purgatoryDigest(), digest.outcome == .differs
    else { return nil }
    return .digestDiffers(digest.row(in: subject).detail)
  }
}

extension PurgatoryDigest {
  fileprivate func row(in subject: VerificationSubject) -> Verification.Row {
    let name = "purgatory"
    let regions = list.regions.map { $0.hex + subject.content(of: $0) }.joined(separator: ", ")
    let place = "list at \(list.address.hex): \(regions)"
    switch outcome {
    case .matches(let address):
      return Verification.Row(
        name, .sound, "matches",
        "SHA-256 at \(address.hex), \(place); the second kernel has not started: what is loaded is "
          + "as it was loaded")
    case .matchesWithEmptyBackup(let address):
      return Verification.Row(
        name, .sound, "matches",
        "SHA-256 at \(address.hex), \(place); the backup region was empty when the digest was "
          + "made and has been filled by the purgatory since; all else is as it was loaded")
    case .incomplete(let missing):
      return Verification.Row(
        name, .nothing, "not applicable", "the image lacks \(missing.hex), \(place)")
    case .differs:
      return Verification.Row(
        name, verdict(in: subject), "differs", meaning(place, in: subject))
    }
  }

  /// A difference is wrong as long as nothing but a fault can explain it.
  private func verdict(in subject: VerificationSubject) -> Verification.Verdict {
    subject.hasSecondKernelStarted == true ? .expected : .wrong
  }

  private func meaning(_ place: String, in subject: VerificationSubject) -> String {
    subject.hasSecondKernelStarted == true
      ? "\(place); the second kernel has started and changes its own memory, so the digest says "
        + "nothing any more: the purgatory compared it before"
      : "\(place); something was overwritten after the crash kernel was loaded: the purgatory "
        + "would not start it, and the core header may be damaged"
  }
}
