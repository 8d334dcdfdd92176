internal import Bytes
package import DumpRecords
internal import MemoryImages

/// What became of the `os_info` page of an s390x kernel.
package enum S390OSInfo: Equatable, Sendable {
  /// A sound page at an address.
  case found(OSInfo, at: UInt64)
  /// No pointer to one.
  case absent(String)
  /// A pointer that leads to none, and why.
  case corrupt(String)

  /// Follows the pointer in the lowcore of a kernel, with the tests of `os_info_old_init`
  /// (`arch/s390/kernel/os_info.c`).
  ///
  /// - Parameters:
  ///   - memory: as the kernel addressed it.
  ///   - shift: added to the pointer by zipl's stand-alone kdump entries.
  init(in memory: PhysicalMemory, lowcore: ByteReader, shift: UInt64? = nil) throws(ReadError) {
    guard let pointer = try? lowcore.peek(Lowcore.osInfo), pointer != 0 else {
      self = .absent("lowcore 0xe18 is 0, expected the address of os_info")
      return
    }
    guard pointer % UInt64(OSInfo.size) == 0 else {
      self = .corrupt("lowcore 0xe18 is \(pointer.hex), expected the address of a page")
      return
    }
    self = try S390OSInfo.read(at: pointer, in: memory)
    if case .corrupt = self, let shift, pointer >= shift {
      let moved = try S390OSInfo.read(at: pointer - shift, in: memory)
      if case .found = moved { self = moved }
    }
  }

  private static func read(
    at address: UInt64, in memory: PhysicalMemory
  ) throws(ReadError) -> S390OSInfo {
    guard let page = try memory.bytes(at: address, count: OSInfo.size) else {
      return .corrupt("os_info at \(address.hex): lies outside the image")
    }
    do throws(OSInfo.Fault) {
      return .found(try OSInfo(page), at: address)
    } catch {
      return .corrupt("os_info at \(address.hex): \(error.description)")
    }
  }

  /// The page, where it is sound.
  package var page: OSInfo? {
    if case .found(let page, _) = self { page } else { nil }
  }

  /// What is wrong with it; nil where it is sound.
  package var fault: String? {
    switch self {
    case .found: nil
    case .absent(let reason), .corrupt(let reason): reason
    }
  }
}
