internal import Bytes
internal import DumpRecords
internal import MemoryImages

/// One reading of an s390x image: swapped or not, with the region that it rests on.
struct S390Sighting {
  let layout: S390Layout
  /// Whether a sound os_info names the same region.
  let isConfirmed: Bool

  /// The second kernel is at 0: its parameter area says what it exchanged.
  init?(swappedIn image: PhysicalMemory) throws(ReadError) {
    let here = S390View(memory: image, lowcore: [])
    guard let region = try here.oldMemory(of: 0), region.lowerBound < image.end,
      let memory = image.exchanging(0..<region.length, with: region),
      let lowcore = try memory.bytes(at: 0, count: Lowcore.size)
    else { return nil }
    let osInfo = try S390View(memory: memory, lowcore: lowcore).osInfo(shift: region.lowerBound)
    let named = osInfo.page.map { ($0.crashKernelAddress, $0.crashKernelSize) }
    isConfirmed = named.map { $0 == (region.lowerBound, region.length) } ?? false
    var warnings: [Finding] = []
    if let fault = osInfo.fault {
      warnings.append(
        Finding(
          "\(fault); the crash region \(region.hex) is taken from the second kernel's parameter "
            + "area at 0x10418"))
    } else if let named, !isConfirmed {
      warnings.append(
        Finding(
          "os_info names a crash region of \(named.1.hex) bytes at \(named.0.hex), the second "
            + "kernel's parameter area at 0x10418 \(region.hex): the latter is used"))
    }
    layout = S390Layout(
      image: image, memory: memory, crashRegion: region, isSwapped: true,
      evidence: "the parameter area at 0x10418 names the old memory \(region.hex)"
        + (isConfirmed ? ", and os_info there the same" : ""),
      osInfo: osInfo, lowcore: lowcore, warnings: warnings)
  }

  /// The crashed kernel is at 0, and its os_info names the crash region.
  init?(unswappedIn image: PhysicalMemory, lowcore: [UInt8]) throws(ReadError) {
    let view = S390View(memory: image, lowcore: lowcore)
    let osInfo = try view.osInfo()
    guard let page = osInfo.page,
      let region = S390View.crashRegion(
        start: page.crashKernelAddress, size: page.crashKernelSize)
    else { return nil }
    var warnings: [Finding] = []
    if try !view.isEntry(at: region.lowerBound) {
      warnings.append(
        Finding(
          "no kdump kernel is loaded in the crash region \(region.hex): the machine itself "
            + "would have offered no vmcore"))
    }
    layout = S390Layout(
      image: image, memory: image, crashRegion: region, isSwapped: false,
      evidence: "os_info of the kernel at absolute 0 names the crash region \(region.hex)",
      osInfo: osInfo, lowcore: lowcore, warnings: warnings)
    isConfirmed = true
  }

  /// The crashed kernel is at 0 without a usable os_info: a loaded kdump kernel knows where it
  /// lies.
  init?(loadedIn image: PhysicalMemory, lowcore: [UInt8]) throws(ReadError) {
    let view = S390View(memory: image, lowcore: lowcore)
    guard let region = try S390Sighting.loadedKernel(in: view) else { return nil }
    let osInfo = try view.osInfo()
    let fault = osInfo.fault ?? "os_info names no crash region"
    layout = S390Layout(
      image: image, memory: image, crashRegion: region, isSwapped: false,
      evidence: "a kdump kernel is loaded at \(region.lowerBound.hex) and not started",
      osInfo: osInfo, lowcore: lowcore,
      warnings: [
        Finding(
          "\(fault); the crash region \(region.hex) is taken from the parameter area of the "
            + "loaded kdump kernel at \((region.lowerBound + 0x10418).hex)")
      ])
    isConfirmed = false
  }

  /// Whether the swapped reading is believed without a sound os_info.
  func isPlausible() throws(ReadError) -> Bool {
    guard layout.crashRegion.upperBound <= layout.image.end else { return false }
    if layout.osInfo.page != nil { return true }
    return try S390View(memory: layout.memory, lowcore: layout.lowcore).isS390()
  }

  /// A kernel is loaded at whole mebibytes.
  private static let step: UInt64 = 1 << 20

  /// The kernel whose own parameter area says that it lies where it lies.
  private static func loadedKernel(in view: S390View) throws(ReadError) -> Range<UInt64>? {
    for region in view.memory.regions {
      var base = max(step, region.range.lowerBound.roundedUp(to: step) ?? .max)
      while base < region.range.upperBound {
        if try view.isEntry(at: base), let found = try view.oldMemory(of: base),
          found.lowerBound == base
        {
          return found
        }
        guard let next = place(after: base, in: region) else { break }
        base = next
      }
    }
    return nil
  }

  /// The next place for a kernel: one whose entry signature would lie in a hole is none.
  private static func place(after base: UInt64, in region: MemoryRegion) -> UInt64? {
    guard let next = base.adding(step),
      let signature = next.adding(S390ParameterArea.entrySignatureAddress)
    else { return nil }
    guard region.range.contains(signature) else { return next }
    let offset = region.sourceOffset(of: signature)
    let extent = region.source.extent(at: offset)
    guard extent.isHole, extent.end > offset else { return next }
    let end = signature.adding(extent.end - offset) ?? .max
    return (end - S390ParameterArea.entrySignatureAddress).roundedUp(to: step)
  }
}
