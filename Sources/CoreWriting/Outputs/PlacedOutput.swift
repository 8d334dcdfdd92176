internal import Bytes
internal import CLinux
internal import Glibc

/// A regular file that is written in place, from an offset on: at any offset, in any order, by any
/// thread. Blocks of zeros become holes of it, what lies in another file can be shared, and its
/// bytes can be hashed.
///
/// Many threads may put bytes at the same time; everything else is for one thread at a time.
package final class PlacedOutput: ByteTarget, @unchecked Sendable {
  package let name: String
  /// Whether the digest of what is written was asked for.
  let hasDigest: Bool
  /// Whether what is never written reads as zero.
  let leavesHoles: Bool
  private let descriptor: Int32
  private let start: UInt64
  private let plannedSize: UInt64?
  private let monitor: WriteMonitor
  private var canShare: Bool
  private var size: UInt64 = 0
  private var sum = SHA256()
  private var hashedSize: UInt64 = 0

  /// The file of a descriptor from an offset on.
  init(_ target: OutputDescriptor, from start: UInt64, size: UInt64?, hasDigest: Bool) {
    name = target.name
    descriptor = target.descriptor
    self.start = start
    plannedSize = size
    leavesHoles = target.leavesHoles
    canShare = target.leavesHoles
    monitor = target.monitor
    self.hasDigest = hasDigest
  }

  /// A file of this program's own, from its start on.
  package convenience init(
    _ descriptor: Int32, name: String, leavesHoles: Bool = false, hasDigest: Bool = false,
    monitor: WriteMonitor = WriteMonitor()
  ) {
    self.init(
      OutputDescriptor(
        inPlace: descriptor, name: name, leavesHoles: leavesHoles, monitor: monitor),
      from: 0, size: nil, hasDigest: hasDigest)
  }

  package func put(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(WriteError) {
    guard leavesHoles else { return try unsafe write(bytes, at: offset) }
    for run in unsafe Zeros.dataRuns(in: bytes, at: start + offset) {
      try unsafe write(
        UnsafeRawBufferPointer(rebasing: bytes[run]), at: offset + UInt64(run.lowerBound))
    }
  }

  package func putZeros(_ range: Range<UInt64>) throws(WriteError) {
    guard !leavesHoles else { return }
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = Int(min(UInt64(Chunk.usualSize), range.upperBound - offset))
      try unsafe write(UnsafeRawBufferPointer(rebasing: Zeros.chunk.bytes[..<count]), at: offset)
      offset += UInt64(count)
    }
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(WriteError) {
    let total = bytes.count
    try monitor.spend(UInt64(total), .writing)
    var done = 0
    while done < total {
      let count = unsafe pwrite(
        descriptor, bytes.baseAddress.map { unsafe $0 + done }, total - done,
        off_t(start + offset + UInt64(done)))
      if count > 0 {
        done += count
      } else if count == 0 || errno != EINTR {
        throw failure(at: offset + UInt64(done))
      }
    }
  }

  /// Makes the file reach up to its end, and puts its offset there: a redirected file goes on behind
  /// this output, as after any other program.
  package func finish(size: UInt64) throws(WriteError) {
    self.size = size
    let end = start + size
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0,
      UInt64(max(0, status.st_size)) >= end || ftruncate(descriptor, off_t(end)) == 0
    else { throw failure(at: size) }
    lseek(descriptor, off_t(end), SEEK_SET)
  }

  private func failure(at offset: UInt64) -> WriteError {
    let place = plannedSize.map { "at \(offset) of \($0) bytes" } ?? "at offset \(offset)"
    return WriteError(.failed, "\(name): \(describeErrno()), \(place)")
  }
}

// MARK: An early end

extension PlacedOutput {
  package var canEndEarly: Bool { true }

  package func endEarly(at offset: UInt64) throws(WriteError) -> UInt64 {
    let end = start + offset
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw failure(at: offset) }
    let size = UInt64(max(0, status.st_size))
    guard size > end else { return size > start ? size - start : 0 }
    guard ftruncate(descriptor, off_t(end)) == 0 else { throw failure(at: offset) }
    return offset
  }

  /// Blocks that become zero give their room back, for they may never have had any.
  package func replace(_ bytes: [UInt8], at offset: UInt64) throws(WriteError) {
    try unsafe bytes.withRawBytes { raw throws(WriteError) in
      var end = 0
      let runs = unsafe leavesHoles ? Zeros.dataRuns(in: raw, at: start + offset) : [0..<raw.count]
      for run in runs + [raw.count..<raw.count] {
        if run.lowerBound > end { try unsafe clear(raw, end..<run.lowerBound, at: offset) }
        try unsafe write(
          UnsafeRawBufferPointer(rebasing: raw[run]), at: offset + UInt64(run.lowerBound))
        end = run.upperBound
      }
    }
  }

  private func clear(
    _ zeros: UnsafeRawBufferPointer, _ part: Range<Int>, at offset: UInt64
  ) throws(WriteError) {
    let place = offset + UInt64(part.lowerBound)
    if clinux_punch_hole(descriptor, Int64(start + place), Int64(part.count)) == 0 { return }
    try unsafe write(UnsafeRawBufferPointer(rebasing: zeros[part]), at: place)
  }
}

// MARK: Sharing

extension PlacedOutput {
  /// Takes over what a source has in an open file from an offset on, where the file system can share
  /// it: nothing is copied then.
  ///
  /// - Returns: the number of bytes, from the offset on; 0 where they have to be written.
  func share(_ source: any ByteSource, _ range: Range<UInt64>) -> UInt64 {
    let count = range.length.roundedDown(to: Zeros.blockSize)
    guard canShare, count >= Zeros.smallestGain,
      (start + range.lowerBound) % Zeros.blockSize == 0,
      let place = source.filePosition(at: range.lowerBound), place.offset % Zeros.blockSize == 0
    else { return 0 }
    canShare =
      clinux_clone_range(
        place.descriptor, Int64(place.offset), count, descriptor,
        Int64(start + range.lowerBound)) == 0
    return canShare ? count : 0
  }
}

// MARK: Digest

extension PlacedOutput {
  /// Hashes zeros that are the next bytes of the file.
  func hashZeros(_ count: UInt64) throws(WriteError) {
    guard hasDigest else { return }
    try monitor.spend(WriteMonitor.hashCost * count, .zeros)
    unsafe hash(UnsafeRawBufferPointer(rebasing: Zeros.chunk.bytes[..<Int(count)]))
  }

  /// Hashes the next bytes of the file, for a writer that comes across them in order.
  func hash(_ bytes: UnsafeRawBufferPointer) {
    guard hasDigest else { return }
    unsafe sum.update(bytes)
    hashedSize += UInt64(bytes.count)
  }

  /// The SHA-256 of the finished file, where it was asked for. What was not hashed while it was
  /// written is read again; what a file holds behind the output does not count.
  package func digest() throws(WriteError) -> [UInt8]? {
    guard hasDigest else { return nil }
    if hashedSize < size { try hashFile() }
    return sum.finish()
  }

  private func hashFile() throws(WriteError) {
    // A redirected file is open for writing alone; this opens it once more.
    let reader = unsafe open("/proc/self/fd/\(descriptor)", O_RDONLY | O_CLOEXEC)
    guard reader >= 0 else { throw unreadable }
    defer { close(reader) }
    let chunk = Chunk()
    while hashedSize < size {
      if monitor.isCancelled() {
        throw WriteError(.cancelled, "\(name): interrupted after \(hashedSize) bytes of its digest")
      }
      let wanted = Int(min(UInt64(Chunk.usualSize), size - hashedSize))
      try monitor.spend(WriteMonitor.hashCost * UInt64(wanted), .zeros)
      let read = unsafe pread(reader, chunk.bytes.baseAddress, wanted, off_t(start + hashedSize))
      if read == 0 { break }
      if read > 0 {
        unsafe hash(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<read]))
      } else if errno != EINTR {
        throw unreadable
      }
    }
  }

  private var unreadable: WriteError {
    WriteError(.failed, "\(name): cannot be read for its digest: \(describeErrno())")
  }
}
