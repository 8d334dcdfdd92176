extension BuiltImage {
  /// The bytes of the second kernel's /proc/vmcore. Without arguments: of a second kernel of the
  /// recipe's release and page size. Loads that end beyond 64 bits are left out.
  package func expectedVMCore(
    compat: LayoutModel.Compat? = nil, pageSize: UInt64? = nil, exact: Bool = false
  ) throws(LayoutModel.Refusal) -> [UInt8] {
    if recipe.s390 != nil { return try expectedS390VMCore() }
    let model = LayoutModel(
      compat: compat ?? recipe.compat, pageSize: pageSize ?? recipe.corePageSize, exact: exact,
      omitsImpossibleLoads: true)
    return try model.vmcore(header: headerBytes) { readAsCrashed($0, $1) }
  }

  /// The bytes at an address once the backup region is filled: until then its bytes are read
  /// where they still are.
  package func readAsCrashed(_ address: UInt64, _ count: Int) -> [UInt8] {
    guard recipe.moment != .after, let backup = recipe.backup else { return read(address, count) }
    let size = backup.source.upperBound - backup.source.lowerBound
    let buffer = backup.address..<backup.address + size
    var bytes: [UInt8] = []
    while bytes.count < count {
      let place = address &+ UInt64(bytes.count)
      let left = UInt64(count - bytes.count)
      if buffer.contains(place) {
        let part = min(left, buffer.upperBound - place)
        bytes += read(backup.source.lowerBound + (place - buffer.lowerBound), Int(part))
      } else {
        let part = place < buffer.lowerBound ? min(left, buffer.lowerBound - place) : left
        bytes += read(place, Int(part))
      }
    }
    return bytes
  }
}
