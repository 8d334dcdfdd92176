internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

extension VerificationCheck {
  /// The crashed kernel's own kexec image against the core header (R10).
  static let kexecImage = VerificationCheck { subject throws(ReadError) in
    let name = "kexec image"
    switch subject.kexec {
    case .absent(let why): return [Verification.Row(name, .nothing, "not applicable", why)]
    case .corrupt(let why): return [Verification.Row(name, .wrong, "corrupt", why)]
    case .found(let image):
      let place = image.place
      guard let address = subject.system?.headerAddress else {
        let list = image.segments.map(\.hex).joined(separator: ", ")
        return [Verification.Row(name, .sound, "loaded", "\(place): \(list)")]
      }
      if let segment = image.segments.first(where: { $0.lowerBound == address }) {
        return [
          Verification.Row(
            name, .sound, "agrees", "\(place) has the core header as its segment \(segment.hex)")
        ]
      }
      return [
        Verification.Row(
          name, .wrong, "disagrees",
          "\(place) has no segment at the core header \(address.hex): it is of "
            + "another load")
      ]
    }
  }

  /// Vmcoreinfo against the kernel that it describes (R9).
  static let systemName = VerificationCheck { subject throws(ReadError) in
    let name = "vmcoreinfo"
    guard let information = subject.information, let release = information.release else {
      return [Verification.Row(name, .nothing, "not found", "no VMCOREINFO note with OSRELEASE")]
    }
    guard information.symbol("init_uts_ns") != nil, let kernel = subject.kernel else {
      return [
        Verification.Row(
          name, .nothing, "not applicable",
          "it does not say where init_uts_ns of \(release) lies in memory")
      ]
    }
    switch try kernel.presence() {
    case .confirmed(let place):
      let machine = try kernel.confirmedName().map { ", \($0.machine)" } ?? ""
      return [
        Verification.Row(
          name, .sound, "agrees", "init_uts_ns at \(place.hex) says \(release)\(machine)")
      ]
    case .contradicted(_, let difference):
      return [Verification.Row(name, .wrong, "differs", difference)]
    case .unknown:
      return [
        Verification.Row(
          name, .nothing, "not applicable",
          "the image lacks init_uts_ns of \(release), or nothing tells where it lies")
      ]
    }
  }

  /// The notes that the core header points at.
  static let notes = VerificationCheck { subject throws(ReadError) in
    guard let system = subject.system, system.headerAddress != nil else { return [] }
    let faults = system.sections.compactMap { section -> String? in
      let place = "PT_NOTE \(section.index) at \(section.address.hex)"
      switch section.end {
      case .terminator, .full: return nil
      case .tooLarge: return "\(place) claims \(section.limit.hex) bytes"
      case .cutShort(let address, let claims):
        return "\(place): the note at \(address.hex) claims \(claims.hex) bytes"
      }
    }
    let empty = system.processors.filter(\.isEmpty).count
    let count = "\(system.processors.count) CPUs, \(empty) of them without registers"
    return [
      faults.isEmpty
        ? Verification.Row("notes", .sound, "sound", count)
        : Verification.Row("notes", .wrong, "damaged", text(of: faults))
    ]
  }

  /// Faults that are told one by one.
  private static let mostFaults = 16

  private static func text(of faults: [String]) -> String {
    let rest = faults.count - mostFaults
    return faults.prefix(mostFaults).joined(separator: "; ")
      + (rest > 0 ? "; and \(rest) more like that" : "")
  }

  /// The memory that is reserved for the core header.
  static let headerRegion = VerificationCheck { subject throws(ReadError) in
    guard let system = subject.system, let range = system.headerRegion else { return [] }
    let faults = HeaderRegion.overlaps(of: range, system.header, system.sections)
    let region = range.hex
    return [
      faults.isEmpty
        ? Verification.Row(
          "header region", .sound, "sound",
          "\(region) overlaps no memory of the crashed kernel")
        : Verification.Row(
          "header region", .wrong, "overlaps",
          faults.map(\.text).joined(separator: "; "))
    ]
  }
}
