internal import Bytes
package import DumpRecords

/// How an s390x kernel's virtual addresses become physical ones.
///
/// Up to Linux 6.9 they are the same. From 6.10 on (commits 378e32aa8197, c98d2ecae08f) os_info
/// says where kernel image and identity mapping lie, and vmcoreinfo says it too.
package struct S390AddressRule: Sendable {
  private var kernelStart: UInt64 = 0
  private var kernelPhysical: UInt64 = 0
  private var identityBase: UInt64 = 0
  private var amode31: Range<UInt64> = 0..<0

  /// The rule of the kernel that left this page; without one, of its vmcoreinfo.
  package init(_ page: OSInfo?, _ information: VMCoreInfo?) {
    if let page {
      kernelStart = page[.kaslrOffset].address
      kernelPhysical = page[.kaslrPhysicalOffset].address
      identityBase = page[.identityBase].address
      setAMODE31(page[.amode31Start].address, page[.amode31End].address)
    } else if let information, let physical = information.hexadecimal("KERNELOFFPHYS") {
      kernelStart = information.hexadecimal("KERNELOFFSET") ?? 0
      kernelPhysical = physical
      identityBase = information.hexadecimal("IDENTITYBASE") ?? 0
      setAMODE31(
        information.hexadecimal("SAMODE31") ?? 0, information.hexadecimal("EAMODE31") ?? 0)
    }
  }

  private mutating func setAMODE31(_ start: UInt64, _ end: UInt64) {
    if start < end { amode31 = start..<end }
  }

  /// The physical address, or nil where it would not fit.
  package func physical(_ address: UInt64) -> UInt64? {
    guard kernelStart != 0, address >= UInt64(Lowcore.size), !amode31.contains(address) else {
      return address
    }
    if address < kernelStart { return address >= identityBase ? address - identityBase : nil }
    return (address - kernelStart).adding(kernelPhysical)
  }
}
