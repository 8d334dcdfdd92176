package import Bytes

/// The memory of the machine through a device such as `/dev/mem`, of which an address is an offset.
/// It is mapped in large steps, which is many times as fast as reading; where a step is refused, its
/// pages are tried one by one, and what is refused then reads as zeros.
package final class DeviceMemory: ByteSource {
  private let file: DeviceFile
  /// The pages that were refused.
  package let refused: PageDamage

  /// Bytes that are mapped at once.
  static let step: UInt64 = 1 << 20

  /// The memory behind a device.
  ///
  /// - Parameter advice: what would help where pages are refused.
  package init(_ file: DeviceFile, advice: String) {
    self.file = file
    refused = PageDamage(
      of: file.name, pageSize: DeviceFile.pageSize, told: (0, []),
      state: "refused by the kernel", advice: advice)
  }

  package var name: String { file.name }

  /// A device has no end of its own: what is asked for is what headers name.
  package var size: UInt64 { UInt64(Int64.max) }

  package var mayLoseBytes: Bool { true }

  package func isLost(_ range: Range<UInt64>) -> Bool {
    guard !range.isEmpty else { return false }
    let pages =
      range.lowerBound / DeviceFile.pageSize...(range.upperBound - 1) / DeviceFile.pageSize
    return pages.allSatisfy(refused.contains)
  }

  package func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    var done = 0
    while done < buffer.count, let place = offset.adding(UInt64(done)), place < size {
      let count = part(of: buffer.count - done, at: place, DeviceMemory.step)
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
      if !(unsafe file.copyMapped(at: place, into: part)) {
        unsafe readPages(at: place, into: part)
      }
      done += count
    }
    return done
  }

  /// Reads page by page, since one that is refused fails all that is mapped with it.
  private func readPages(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) {
    var done = 0
    while done < buffer.count {
      let place = offset + UInt64(done)
      let count = part(of: buffer.count - done, at: place, DeviceFile.pageSize)
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
      if !(unsafe file.copyMapped(at: place, into: part) || file.read(at: place, into: part)) {
        unsafe part.initializeMemory(as: UInt8.self, repeating: 0)
        refused.add(place / DeviceFile.pageSize)
      }
      done += count
    }
  }

  /// Bytes up to the next multiple of `step`, at most `count`.
  private func part(of count: Int, at place: UInt64, _ step: UInt64) -> Int {
    min(count, Int(step - place % step))
  }
}
