internal import CLinux
internal import Glibc
internal import SystemPackage

/// A device that shows memory at its own addresses, such as `/dev/mem`: a page at a time is asked
/// for, and the kernel gives it or refuses it (`drivers/char/mem.c`).
package final class DeviceFile: Sendable {
  /// The name that it was opened by.
  package let name: String
  /// Device and inode: tells whether two names are one file.
  package let identity: FileIdentity
  private let descriptor: FileDescriptor
  private let isRegular: Bool
  private let isMapped: Bool

  /// Bytes of a page of the running kernel: whole ones are mapped.
  package static let pageSize = UInt64(max(4096, sysconf(Int32(_SC_PAGESIZE))))

  /// Opens a device.
  ///
  /// - Parameter isMapped: whether it is mapped; nil: unless it is a regular file, which stands in
  ///   for one.
  package init(path: String, isMapped: Bool? = nil) throws(OpenError) {
    do {
      descriptor = try FileDescriptor.open(
        FilePath(named: path), .readOnly, options: [.closeOnExec, .nonBlocking])
    } catch {
      throw OpenError(path: path, reason: DeviceFile.refusal(error as? Errno ?? .ioError))
    }
    name = path
    do throws(OpenError) {
      let status = try FileStatus(of: descriptor.rawValue, path: path)
      identity = status.identity
      isRegular = status.kind == .regular
      self.isMapped = isMapped ?? !isRegular
      guard isRegular || status.kind == .characterDevice else {
        throw OpenError(path: path, reason: "is no character device, expected one like /dev/mem")
      }
    } catch {
      try? descriptor.close()
      throw error
    }
  }

  deinit {
    try? descriptor.close()
  }

  /// Why it cannot be opened.
  static func refusal(_ error: Errno) -> String {
    let text = "cannot be opened: \(error.description)"
    switch error {
    case .notPermitted:
      return "\(text): the kernel is locked down (lockdown=integrity, as under Secure Boot) and "
        + "shows memory through /proc/vmcore alone, or the program lacks CAP_SYS_RAWIO"
    case .noSuchFileOrDirectory:
      return "\(text): the kernel has no such device (CONFIG_DEVMEM), or devtmpfs is not mounted"
    default: return text
    }
  }

  /// Copies bytes by mapping the pages that hold them.
  ///
  /// - Returns: false where they cannot be mapped, or one of their pages is refused: nothing is
  ///   copied then.
  package func copyMapped(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    let start = offset.roundedDown(to: DeviceFile.pageSize)
    guard isMapped, let target = buffer.baseAddress,
      let end = offset.adding(UInt64(buffer.count))?.roundedUp(to: DeviceFile.pageSize),
      end <= UInt64(Int64.max), !isRegular || end <= mappableEnd
    else { return false }
    let pages = unsafe mmap(
      nil, Int(end - start), PROT_READ, MAP_SHARED, descriptor.rawValue, off_t(start))
    guard let pages = unsafe pages, unsafe pages != MAP_FAILED else { return false }
    unsafe clinux_copy_words(target, pages, offset - start, UInt64(buffer.count))
    unsafe munmap(pages, Int(end - start))
    return true
  }

  /// What of a regular file can be touched without a signal, as of now.
  private var mappableEnd: UInt64 {
    let status = try? FileStatus(of: descriptor.rawValue, path: name)
    return status?.size.roundedUp(to: DeviceFile.pageSize) ?? 0
  }

  /// Reads bytes.
  ///
  /// - Returns: false where they are refused, or not all of them are there.
  package func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    var done = 0
    while done < buffer.count {
      guard let position = offset.adding(UInt64(done)), position <= UInt64(Int64.max) else {
        return false
      }
      let count = try? systemCall {
        unsafe pread(
          descriptor.rawValue, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done,
          off_t(position))
      }
      guard let count, count > 0 else { return false }
      done += count
    }
    return true
  }
}
