internal import Glibc
package import SystemPackage

/// Pages of a file that cannot be read though the file has them: memory of `/proc/vmcore` that is
/// poisoned or that a hypervisor withholds, blocks of a worn-out disk. They read as zeros, and cost
/// nothing but themselves.
///
/// Which pages they are depends on the file alone, not on the order in which it is read.
package final class UnreadableParts: Sendable {
  /// What messages call the file.
  private let name: String
  private let lock = Lock()
  private let pages = FrameSet()
  private nonisolated(unsafe) var state = State()

  private struct State {
    /// Whether somebody is told of them in the end; before, and never else, they are errors.
    var areEndured = false
    /// Blocks that were examined, and those of them that are given up as a whole.
    var examined: Set<UInt64> = []
    var lost: Set<UInt64> = []
    /// Pages that are not kept in mind.
    var forgotten: UInt64 = 0
    /// What the system said first.
    var reason: Errno?
    /// All of them, as long as none has come.
    var known: RangeSet?
  }

  /// Reads at an offset, once (`pread(2)`); answers 0 at the end.
  package typealias Reader =
    (_ offset: UInt64, _ buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int

  /// Bytes that are lost together.
  package static let pageSize: UInt64 = 4096
  /// Bytes of a block: it is given up where no page of some, at equal distances, can be read, so that
  /// terabytes which nobody can read take seconds.
  package static let blockSize: UInt64 = 64 << 20
  /// Pages that are tried of a block.
  private static let probes: UInt64 = 64
  private static let pagesPerBlock = blockSize / pageSize

  /// None of a file by now.
  package init(of name: String) {
    self.name = name
  }

  /// From now on they read as zeros: whoever reads the file asks for ``finding``.
  package func endure() {
    lock.withLock { unsafe state.areEndured = true }
  }

  /// From now on they are errors.
  package func refuse() {
    lock.withLock { unsafe state.areEndured = false }
  }

  /// Whether there are any by now.
  package var exist: Bool { count > 0 }

  /// Number of their pages by now.
  package var count: UInt64 {
    lock.withLock {
      unsafe pages.count + state.forgotten
        + UInt64(state.lost.count) * UnreadableParts.pagesPerBlock
    }
  }

  /// What there is to say by now; nil where all could be read.
  package var finding: Finding? {
    let count = count
    guard count > 0 else { return nil }
    let ranges = known.ranges
    let shown = ranges.prefix(UnreadableParts.shown).map(\.hex).joined(separator: ", ")
    let reason = lock.withLock { unsafe state.reason?.description ?? "" }
    let isOne = count == 1
    return Finding(
      "\(name): \(count) page\(isOne ? "" : "s") of \(UnreadableParts.pageSize) bytes cannot be read "
        + "(\(reason)), at \(shown)\(ranges.count > UnreadableParts.shown ? " and more" : "") of the "
        + "file: \(isOne ? "it reads" : "they read") as zeros", isPartial: true)
  }

  /// Ranges that are shown.
  private static let shown = 8
  /// Pages outside of blocks that are given up which are kept in mind. Those beyond are counted, each
  /// time they are read.
  private static let mostPages = 1 << 20

  /// The ranges of the file that are known by now.
  private var known: RangeSet {
    lock.withLock {
      if let known = unsafe state.known { return known }
      let size = UnreadableParts.pageSize
      let single = pages.first(UnreadableParts.mostPages).map { $0 * size..<($0 + 1) * size }
      let whole = unsafe state.lost.map { block in
        block * UnreadableParts.blockSize..<(block + 1) * UnreadableParts.blockSize
      }
      let known = RangeSet(single + whole)
      unsafe state.known = known
      return known
    }
  }

  /// The first part of a range that is lost, as reads have shown by now.
  package func first(in range: Range<UInt64>) -> Range<UInt64>? {
    exist ? known.first(in: range) : nil
  }

  /// Whether a range is lost, every byte of it.
  package func covers(_ range: Range<UInt64>) -> Bool {
    guard exist, !range.isEmpty else { return false }
    let size = UnreadableParts.pageSize
    return (range.lowerBound / size...(range.upperBound - 1) / size).allSatisfy(contains)
  }

  private func contains(_ page: UInt64) -> Bool {
    lock.withLock {
      unsafe state.lost.contains(page / UnreadableParts.pagesPerBlock) || pages.contains(page)
    }
  }
}

// MARK: Reading

extension UnreadableParts {
  /// Errors of a part of a file, behind which others can be read: `/proc/vmcore` answers EFAULT, a
  /// block device EIO, ENODATA, EREMOTEIO or EILSEQ (Linux `block/blk-core.c`, `blk_errors`), a file
  /// system with checksums EBADMSG, poisoned memory EHWPOISON.
  private static let ofPages = [
    EFAULT, EIO, ENODATA, EREMOTEIO, EILSEQ, EBADMSG, EHWPOISON,
  ].map(Errno.init(rawValue:))

  /// Reads page by page what could not be read at once.
  ///
  /// - Returns: the number of bytes, fewer than the buffer has room for where the file ends.
  /// - Throws: the error, where it is none of a part, or is to be one.
  package func readPages(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer, after error: Errno,
    _ read: Reader
  ) throws(Errno) -> Int {
    try check(error)
    var done = 0
    while done < buffer.count {
      let place = offset + UInt64(done)
      let page = place / UnreadableParts.pageSize
      let end = min(buffer.count, Int((page + 1) * UnreadableParts.pageSize - offset))
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<end])
      do throws(Errno) {
        let count = try unsafe contains(page) ? nil : fill(part, at: place, read)
        if let count, count < part.count { return done + count }
        if count == nil { unsafe part.initializeMemory(as: UInt8.self, repeating: 0) }
      } catch {
        try check(error)
        unsafe lose(page, error, read)
        unsafe part.initializeMemory(as: UInt8.self, repeating: 0)
      }
      done = end
    }
    return done
  }

  private func check(_ error: Errno) throws(Errno) {
    guard UnreadableParts.ofPages.contains(error), lock.withLock({ unsafe state.areEndured }) else {
      throw error
    }
  }

  private func fill(
    _ buffer: UnsafeMutableRawBufferPointer, at place: UInt64, _ read: Reader
  ) throws(Errno) -> Int {
    var done = 0
    while done < buffer.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = try unsafe read(place + UInt64(done), rest)
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Gives a page up, or the whole block that it is of.
  private func lose(_ page: UInt64, _ error: Errno, _ read: Reader) {
    let block = page / UnreadableParts.pagesPerBlock
    let isKnown = lock.withLock { unsafe state.examined.contains(block) }
    let isLost = unsafe !isKnown && isLost(block, read)
    lock.withLock {
      if unsafe state.reason == nil { unsafe state.reason = error }
      unsafe state.examined.insert(block)
      if isLost { unsafe state.lost.insert(block) }
      unsafe state.known = nil
      guard unsafe !state.lost.contains(block) else { return }
      if pages.count < UInt64(UnreadableParts.mostPages) {
        pages.insert(page)
      } else {
        unsafe state.forgotten += 1
      }
    }
  }

  /// Whether no page that is tried of a block can be read.
  private func isLost(_ block: UInt64, _ read: Reader) -> Bool {
    var bytes = [UInt8](repeating: 0, count: Int(UnreadableParts.pageSize))
    let distance = UnreadableParts.blockSize / UnreadableParts.probes
    for probe in 0..<UnreadableParts.probes {
      let place = block * UnreadableParts.blockSize + probe * distance
      do throws(Errno) {
        try unsafe bytes.withMutableBytes { buffer throws(Errno) in
          _ = try unsafe fill(buffer, at: place, read)
        }
        return false
      } catch {
        guard UnreadableParts.ofPages.contains(error) else { return false }
      }
    }
    return true
  }
}
