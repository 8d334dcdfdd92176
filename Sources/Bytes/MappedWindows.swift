internal import CLinux
internal import Glibc

/// Parts of a file that are mapped, for the kernel's own files: to read a page of `/proc/vmcore` is to
/// have the kernel map the old memory behind it, a page at a time, and a window is mapped at once
/// (`fs/proc/vmcore.c`, `mmap_vmcore`, Linux 3.11). What cannot be mapped, or faults, is left to be read.
final class MappedWindows: @unchecked Sendable {
  private let descriptor: Int32
  /// Where the file ends.
  private let end: UInt64
  private let lock = Lock()
  /// The last ones that were used, the latest first.
  private var windows: [Window] = []
  /// Windows that could not be mapped: some files cannot be at all.
  private var refusals = 0

  /// Bytes of a window, as makedumpfile maps them: smaller ones cost more than they save.
  private static let windowSize: UInt64 = 4 << 20
  /// Windows that stay mapped, for threads that read side by side.
  private static let mostWindows = 4
  /// Refusals after which nobody asks again.
  private static let mostRefusals = 16
  /// Bytes that are worth a window of their own.
  private static let worthwhile = 1 << 17

  /// None yet, of an open file, which must outlive them.
  init(of descriptor: Int32, size: UInt64) {
    self.descriptor = descriptor
    end = min(size, UInt64(Int64.max)).roundedDown(to: DeviceFile.pageSize)
  }

  /// Copies bytes from the offset on, as far as they can be had without being read.
  ///
  /// - Returns: the number of bytes.
  func copy(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard let target = buffer.baseAddress else { return 0 }
    var done = 0
    while done < buffer.count, let place = offset.adding(UInt64(done)),
      let window = window(at: place, mayMap: buffer.count >= MappedWindows.worthwhile)
    {
      let count = Int(min(UInt64(buffer.count - done), window.range.upperBound - place))
      let isCopied =
        unsafe clinux_copy_guarded(
          target + done, window.start + Int(place - window.range.lowerBound), UInt64(count)) == 0
      guard isCopied else { break }
      done += count
    }
    return done
  }

  private func window(at place: UInt64, mayMap: Bool) -> Window? {
    guard place < end else { return nil }
    return lock.withLock {
      if let index = windows.firstIndex(where: { $0.range.contains(place) }) {
        let window = windows[index]
        if index > 0 { windows.insert(windows.remove(at: index), at: 0) }
        return window
      }
      guard mayMap, refusals < MappedWindows.mostRefusals else { return nil }
      let start = place.roundedDown(to: MappedWindows.windowSize)
      let range = start..<min(end, start + MappedWindows.windowSize)
      guard let window = Window(range, of: descriptor) else {
        refusals += 1
        return nil
      }
      windows.insert(window, at: 0)
      if windows.count > MappedWindows.mostWindows { windows.removeLast() }
      return window
    }
  }
}

/// A part of a file that is mapped as long as anybody holds it.
@safe private final class Window: @unchecked Sendable {
  let range: Range<UInt64>
  let start: UnsafeRawPointer

  /// Maps a range; nil where that is refused.
  init?(_ range: Range<UInt64>, of descriptor: Int32) {
    let pages = unsafe mmap(
      nil, Int(range.length), PROT_READ, MAP_PRIVATE, descriptor, off_t(range.lowerBound))
    guard let pages = unsafe pages, unsafe pages != MAP_FAILED else { return nil }
    unsafe start = UnsafeRawPointer(pages)
    self.range = range
  }

  deinit {
    unsafe munmap(UnsafeMutableRawPointer(mutating: start), Int(range.length))
  }
}
