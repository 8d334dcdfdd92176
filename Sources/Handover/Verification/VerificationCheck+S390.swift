internal import Bytes
internal import DumpRecords

extension VerificationCheck {
  /// The page that an s390x kernel leaves for its successor: magic, version, checksum.
  static let osInfo = VerificationCheck { subject throws(ReadError) in
    guard let handover = subject.system?.s390 else { return [] }
    let name = "os_info"
    switch handover.osInfo {
    case .found(let page, let address):
      let region = Range(start: page.crashKernelAddress, length: page.crashKernelSize)
      return [
        Verification.Row(
          name, .sound, "sound",
          "at \(address.hex), version \(page.majorVersion).\(page.minorVersion), crash region "
            + (region.map { $0.isEmpty ? "none" : $0.hex } ?? "beyond 64 bits"))
      ]
    case .absent(let why): return [Verification.Row(name, .nothing, "not found", why)]
    case .corrupt(let why): return [Verification.Row(name, .wrong, "damaged", why)]
    }
  }

  /// The entries of os_info that point at data: their checksums.
  static let osInfoEntries = VerificationCheck { subject throws(ReadError) in
    guard let handover = subject.system?.s390, let page = handover.osInfo.page else { return [] }
    let data: [(OSInfo.Number, String)] = [
      (.vmCoreInfo, "os_info entry 0"), (.reIPLBlock, "os_info entry 1"),
    ]
    var rows: [Verification.Row] = []
    for (number, name) in data where page[number].address != 0 {
      let entry = page[number]
      switch try S390EntryData(of: entry, in: handover.memory) {
      case .sound(let bytes):
        rows.append(
          Verification.Row(
            name, .sound, "sound",
            "\(bytes.count) bytes at \(entry.address.hex) have checksum "
              + UInt64(entry.checksum).hex))
      case .damaged(let why): rows.append(Verification.Row(name, .wrong, "damaged", why))
      }
    }
    return rows
  }
}
