internal import Bytes

/// The page in which an s390x kernel tells dump tools what it is (`struct os_info`,
/// `arch/s390/include/asm/os_info.h`; s390-tools `include/boot/os_info.h`). Big-endian.
package struct OSInfo: Equatable, Sendable {
  package var checksum: UInt32  // csum
  package var majorVersion: UInt16  // version_major
  package var minorVersion: UInt16  // version_minor
  package var crashKernelAddress: UInt64  // crashkernel_addr
  package var crashKernelSize: UInt64  // crashkernel_size
  /// The entries by number; those that a kernel does not have are zero.
  package var entries: [Entry]  // entry

  /// One entry: a checksummed area of memory, or a value.
  package struct Entry: Equatable, Sendable {
    package var address: UInt64  // addr, or val
    package var size: UInt64  // size
    package var checksum: UInt32  // csum

    /// An entry from its fields.
    package init(address: UInt64, size: UInt64 = 0, checksum: UInt32 = 0) {
      self.address = address
      self.size = size
      self.checksum = checksum
    }
  }

  /// The numbers of the entries (`OS_INFO_*`); from 4 on they are values, since Linux 6.10.
  package enum Number: Int, Sendable, CaseIterable {
    case vmCoreInfo = 0
    case reIPLBlock = 1
    case flags = 2
    case identityBase = 4
    case kaslrOffset = 5
    case kaslrPhysicalOffset = 6
    case vmemmap = 7
    case amode31Start = 8
    case amode31End = 9
    case imageStart = 10
    case imageEnd = 11
    case imagePhysical = 12
  }

  /// Size of the page.
  package static let size = 4096
  /// `OSINFOSZ`
  package static let magic: UInt64 = 0x4f53_494e_464f_535a
  /// `OS_INFO_VERSION_MAJOR`: a reader refuses a later one.
  package static let knownMajorVersion: UInt16 = 1
  /// Where the checksummed part begins.
  private static let checkedOffset = 12
  /// Entries that every version has room for.
  private static let entryCount = 13

  /// Why a page is no `os_info`, in the order of the kernel's tests (`os_info_old_init`).
  package enum Fault: Error, Equatable, Sendable {
    case cutShort(Int)
    case magic(UInt64)
    case checksum(found: UInt32, expected: UInt32)
    case version(UInt16)
  }

  /// Reads a page and checks it as the kernel does.
  package init(_ page: [UInt8]) throws(Fault) {
    guard page.count >= OSInfo.size else { throw .cutShort(page.count) }
    let bytes = Array(page.prefix(OSInfo.size))
    let magic: UInt64
    do throws(ShortRecord) {
      var reader = ByteReader(bytes, order: .big)
      magic = try reader.read()
      checksum = try reader.read()
      majorVersion = try reader.read()
      minorVersion = try reader.read()
      crashKernelAddress = try reader.read()
      crashKernelSize = try reader.read()
      entries = []
      for _ in 0..<OSInfo.entryCount {
        entries.append(
          Entry(address: try reader.read(), size: try reader.read(), checksum: try reader.read()))
      }
    } catch {
      throw .cutShort(bytes.count)
    }
    guard magic == OSInfo.magic else { throw .magic(magic) }
    let sum = DumpRecords.checksum(bytes[OSInfo.checkedOffset...])
    guard sum == checksum else { throw .checksum(found: checksum, expected: sum) }
    guard majorVersion <= OSInfo.knownMajorVersion else { throw .version(majorVersion) }
  }

  /// An entry by its number.
  package subscript(number: Number) -> Entry { entries[number.rawValue] }

  /// Whether virtual and physical addresses differ (`os_info_has_vm`, Linux 6.10).
  package var hasVirtualMemory: Bool { self[.kaslrOffset].address != 0 }
}

extension OSInfo.Fault: CustomStringConvertible {
  /// What was found, and what was expected.
  package var description: String {
    switch self {
    case .cutShort(let count): "only \(count) bytes are in the image, expected a page"
    case .magic(let magic): "magic \(magic.hex), expected \(OSInfo.magic.hex) (OSINFOSZ)"
    case .checksum(let found, let expected):
      "checksum \(UInt64(found).hex), expected \(UInt64(expected).hex)"
    case .version(let version):
      "major version \(version), expected at most \(OSInfo.knownMajorVersion)"
    }
  }
}
