internal import Bytes
internal import DumpRecords

/// How an s390x kernel's virtual addresses become physical ones.
///
/// Up to Linux 6.9 they are the same. From 6.10 on (commits 378e32aa8197, c98d2ecae08f) os_info
/// says where kernel image and identity mapping lie.
struct S390AddressRule: Sendable {
  private let page: OSInfo?

  /// The rule of the kernel that left this page.
  init(_ page: OSInfo?) {
    self.page = page?.hasVirtualMemory == true ? page : nil
  }

  /// The physical address, or nil where it would not fit.
  func physical(_ address: UInt64) -> UInt64? {
    guard let page, address >= UInt64(Lowcore.size) else { return address }
    let low = page[.amode31Start].address
    let high = page[.amode31End].address
    if low <= address && address < high { return address }
    let kernel = page[.kaslrOffset].address
    if address < kernel {
      let base = page[.identityBase].address
      return address >= base ? address - base : nil
    }
    return (address - kernel).adding(page[.kaslrPhysicalOffset].address)
  }
}
