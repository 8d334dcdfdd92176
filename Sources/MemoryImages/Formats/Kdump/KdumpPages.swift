internal import Bytes
internal import Codecs
internal import DumpRecords

/// The pages of a kdump-compressed dump as one source: offset = physical address. Pages are
/// unpacked when they are read; those that the dump lacks read as zeros and are holes, those that
/// cannot be unpacked read as zeros, too.
final class KdumpPages: ByteSource {
  let name: String
  let size: UInt64
  /// Most pages are packed.
  let readCost: UInt64 = 8
  /// Ascending and disjoint by their frames.
  private let volumes: [KdumpVolume]
  private let directories: [KdumpDirectory]
  private let blockSize: UInt64
  private let unpackers: [PackedForm: CodecPool<PageUnpacker>]
  private let cache = PageCache()
  private let damage: PageDamage
  private let lastExtent = LastExtent()

  /// The pages of one file, or of the files of a split set, in the order of their frames.
  init(_ volumes: [KdumpVolume], of file: KdumpFile, _ damage: PageDamage) {
    self.volumes = volumes
    self.damage = damage
    directories = volumes.map(\.directory)
    let blockSize = file.blockSize
    self.blockSize = blockSize
    name = directories.first?.file.source.name ?? ""
    size = file.frames * blockSize
    unpackers = Dictionary(
      uniqueKeysWithValues: PackedForm.allCases.map { form in
        (form, CodecPool { PageUnpacker(form, pageSize: Int(blockSize)) })
      })
  }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    guard offset < size else { return 0 }
    let count = Int(min(UInt64(buffer.count), size - offset))
    var cursor = KdumpCursor(
      directories, ahead: (offset + UInt64(count) - 1) / blockSize)
    var done = 0
    while done < count {
      let place = offset + UInt64(done)
      let frame = place / blockSize
      let inside = Int(place % blockSize)
      let length = min(count - done, Int(blockSize) - inside)
      let output = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + length])
      if length == Int(blockSize) {
        try unsafe load(frame, &cursor, into: output)
      } else {
        let page = try page(frame, &cursor)
        unsafe output.copyBytes(from: page[inside..<inside + length])
      }
      done += length
    }
    return done
  }

  func extent(at offset: UInt64) -> SourceExtent {
    guard offset < size else { return SourceExtent(isHole: false, end: offset) }
    // What is a hole stays one; data may have turned out to be lost.
    if let known = lastExtent.extent(at: offset), known.isHole || !damage.wasFound { return known }
    var frame = offset / blockSize
    let first = frame
    let last = min(frame + KdumpPages.extentFrames, size / blockSize) - 1
    var cursor = KdumpCursor(directories, ahead: last)
    let hasDamage = damage.wasFound
    let kind = kind(of: frame, &cursor, hasDamage: hasDamage)
    while frame < last {
      let known = kind == .leftOut ? cursor.absentEnd(from: frame + 1) : frame + 1
      if known > frame + 1 {
        frame = min(last, known - 1)
      } else {
        guard self.kind(of: frame + 1, &cursor, hasDamage: hasDamage) == kind else { break }
        frame += 1
      }
    }
    let extent = SourceExtent(
      isHole: kind == .zeros || kind == .leftOut,
      isLeftOut: kind == .leftOut || kind == .damaged, end: (frame + 1) * blockSize)
    lastExtent.keep(extent, from: first * blockSize)
    return extent
  }

  var mayLoseBytes: Bool { true }

  func isLost(_ range: Range<UInt64>) -> Bool {
    guard damage.wasFound, !range.isEmpty, range.upperBound <= size else { return false }
    return (range.lowerBound / blockSize...(range.upperBound - 1) / blockSize)
      .allSatisfy(damage.contains)
  }

  private enum Kind {
    case data, zeros, leftOut, damaged
  }

  /// Frames that are looked at to answer for one extent.
  private static let extentFrames: UInt64 = 4096

  /// What cannot be read is data: reading it says why.
  private func kind(
    of frame: UInt64, _ cursor: inout KdumpCursor, hasDamage: Bool
  ) -> Kind {
    if hasDamage, damage.contains(frame) { return .damaged }
    guard let found = try? cursor.find(frame) else { return .data }
    switch found {
    case .absent: return .leftOut
    case .page(let descriptor, let index):
      guard case .there = directories[index].state(of: descriptor) else { return .leftOut }
      let isZero = descriptor.flags.isEmpty && descriptor.offset == volumes[index].zeroPage
      return isZero ? .zeros : .data
    }
  }

  private func page(_ frame: UInt64, _ cursor: inout KdumpCursor) throws(ReadError) -> [UInt8] {
    if let page = cache.bytes(of: frame) { return page }
    var page = [UInt8](repeating: 0, count: Int(blockSize))
    try unsafe page.withMutableBytes { buffer throws(ReadError) in
      try unsafe load(frame, &cursor, into: buffer)
    }
    cache.add(page, of: frame)
    return page
  }

  private func load(
    _ frame: UInt64, _ cursor: inout KdumpCursor, into output: UnsafeMutableRawBufferPointer
  ) throws(ReadError) {
    guard case .page(let descriptor, let index) = try cursor.find(frame),
      case .there(let packing) = directories[index].state(of: descriptor)
    else {
      unsafe output.initializeMemory(as: UInt8.self, repeating: 0)
      return
    }
    let source = directories[index].file.source
    guard case .packed(let form) = packing else {
      try unsafe KdumpPages.fill(output, from: source, descriptor)
      return
    }
    if let library = form.lacking {
      throw KdumpPages.error(
        source, descriptor,
        "the page at \((frame * blockSize).hex) is packed with \(form.rawValue), and the library "
          + "\(library) is not installed, or this program is linked statically and cannot load it")
    }
    let size: Int?? = try unpackers[form]?.with { (page) throws(ReadError) -> Int? in
      let input = unsafe UnsafeMutableRawBufferPointer(
        rebasing: page.packed.bytes[..<Int(descriptor.size)])
      try unsafe KdumpPages.fill(input, from: source, descriptor)
      return unsafe page.unpacker.unpack(UnsafeRawBufferPointer(input), into: output)
    }
    guard let size else {
      throw KdumpPages.error(source, descriptor, "no memory to unpack \(form.rawValue) with")
    }
    if size != output.count {
      unsafe output.initializeMemory(as: UInt8.self, repeating: 0)
      damage.add(frame)
    }
  }

  private static func fill(
    _ output: UnsafeMutableRawBufferPointer, from source: any ByteSource,
    _ descriptor: PageDescriptor
  ) throws(ReadError) {
    let count = try unsafe source.read(at: descriptor.offset, into: output)
    guard count == output.count else {
      throw error(source, descriptor, "the file ends inside a page: it shrank while it was read")
    }
  }

  private static func error(
    _ source: any ByteSource, _ descriptor: PageDescriptor, _ text: String
  ) -> ReadError {
    ReadError(source: source.name, offset: descriptor.offset, reason: text)
  }
}

/// What unpacks one page at a time.
private struct PageUnpacker: Sendable {
  let unpacker: any Unpacker
  /// Room for the packed bytes, which are never more than a page.
  let packed: Chunk

  /// nil where memory is short.
  init?(_ form: PackedForm, pageSize: Int) {
    guard let unpacker = form.unpacker() else { return nil }
    self.unpacker = unpacker
    packed = Chunk(size: pageSize)
  }
}

/// The extent that was asked for last: who reads memory in pieces asks for its parts one by one.
private final class LastExtent: Sendable {
  private let lock = Lock()
  private nonisolated(unsafe) var last: (start: UInt64, extent: SourceExtent)?

  func extent(at offset: UInt64) -> SourceExtent? {
    lock.withLock {
      guard let last = unsafe last, last.start <= offset, offset < last.extent.end else {
        return nil
      }
      return last.extent
    }
  }

  func keep(_ extent: SourceExtent, from start: UInt64) {
    lock.withLock { unsafe last = (start, extent) }
  }
}
