package import Bytes
internal import DumpRecords
package import MemoryImages

extension S390Detection {
  /// Looks at the fixed places of an s390x machine: a few reads, whatever the image is.
  ///
  /// The tests are those of s390-tools (`zdump/dfi.c`) and of the second kernel
  /// (`arch/s390/kernel/os_info.c`); the strongest come first: an os_info that names the region
  /// by which it was found, then os_info of a kernel that is at 0, then the parameter area of
  /// the running second kernel, then that of a loaded one.
  package init(in image: PhysicalMemory, _ option: MomentOption) throws(ReadError) {
    guard let zero = try image.bytes(at: 0, count: Lowcore.size) else {
      self = .none
      return
    }
    let after = option == .before ? nil : try S390Sighting(swappedIn: image)
    if let after, after.isConfirmed {
      self = .found(after.layout)
      return
    }
    let before = option == .after ? nil : try S390Sighting(unswappedIn: image, lowcore: zero)
    if let before, before.isConfirmed {
      self = .found(before.layout)
      return
    }
    if let after, try after.isPlausible() {
      self = .found(after.layout)
      return
    }
    guard option != .after else {
      self = .none
      return
    }
    let here = S390View(memory: image, lowcore: zero)
    guard try here.isS390() else {
      self = .none
      return
    }
    if let loaded = try S390Sighting(loadedIn: image, lowcore: zero) {
      self = .found(loaded.layout)
      return
    }
    let fault = try here.osInfo().fault
    self = .noCrashRegion(
      fault ?? "os_info names no crash region: no memory was reserved with crashkernel=")
  }
}

/// Memory as one s390x kernel addressed it, with what lies at its absolute 0.
struct S390View: Sendable {
  let memory: PhysicalMemory
  let lowcore: [UInt8]

  var reader: ByteReader { ByteReader(lowcore, order: .big) }

  func osInfo(shift: UInt64? = nil) throws(ReadError) -> S390OSInfo {
    try S390OSInfo(in: memory, lowcore: reader, shift: shift)
  }

  /// Whether an s390x kernel is there: a note at lowcore 0xe0c, or its entry signature.
  func isS390() throws(ReadError) -> Bool {
    if case .found = try osInfo() { return true }
    if try S390VMCoreInfo.note(in: memory, lowcore: reader).note != nil { return true }
    return try isEntry(at: 0)
  }

  /// Whether a kernel that can be entered lies at an address.
  func isEntry(at base: UInt64) throws(ReadError) -> Bool {
    guard let address = base.adding(S390ParameterArea.entrySignatureAddress) else { return false }
    let signature = S390ParameterArea.entrySignature
    return try memory.bytes(at: address, count: signature.count) == signature
  }

  /// The old memory that the parameter area of a kernel at `base` names, where it can be one.
  func oldMemory(of base: UInt64) throws(ReadError) -> Range<UInt64>? {
    guard let address = base.adding(UInt64(S390ParameterArea.oldMemoryBase.offset)),
      let bytes = try memory.bytes(at: address, count: 16)
    else { return nil }
    let reader = ByteReader(bytes, order: .big)
    guard let start = try? reader.peek(at: 0, UInt64.self),
      let size = try? reader.peek(at: 8, UInt64.self)
    else { return nil }
    return S390View.crashRegion(start: start, size: size)
  }

  /// A crash region: whole mebibytes, and above the memory that it is exchanged with.
  static func crashRegion(start: UInt64, size: UInt64) -> Range<UInt64>? {
    guard start != 0, size != 0, start % (1 << 20) == 0, size % (1 << 20) == 0, size <= start
    else { return nil }
    return Range(start: start, length: size)
  }
}
