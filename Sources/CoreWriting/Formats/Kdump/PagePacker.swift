internal import Bytes
internal import Codecs
internal import MemoryImages

/// The packed pages of one job.
struct PackedPages: Sendable {
  let frames: Range<UInt64>
  /// Sizes of the packed pages, in order: 0 for a page of zeros, the page size for one that does
  /// not shrink, ``lost`` for one that is left out. Empty where all are zero.
  let sizes: [UInt32]
  /// Holds the packed pages one behind the other; nil where all are zero.
  let chunk: Chunk?

  /// The size of a page that is lost, as reading it has shown.
  static let lost = UInt32.max

  /// Bytes of all packed pages.
  var size: UInt64 { sizes.reduce(0) { $1 == PackedPages.lost ? $0 : $0 + UInt64($1) } }
}

/// Reads and packs pages, in any number of threads.
struct PagePacker: Sendable {
  private let frames: PageFrames
  /// nil: pages are stored as they are.
  private let packers: CodecPool<any Packer>?
  private let pool: ChunkPool

  /// A packer of frames.
  init(_ frames: PageFrames, packers: CodecPool<any Packer>?) {
    self.frames = frames
    self.packers = packers
    pool = ChunkPool(size: max(Int(SourcePieces.usualChunk), Int(frames.pageSize)))
  }

  /// Takes back the memory of a product.
  func recycle(_ pages: PackedPages) {
    if let chunk = pages.chunk { pool.giveBack(chunk) }
  }

  /// Packs the pages of a job.
  func pack(_ job: PageJob) throws(WriteError) -> PackedPages {
    if job.isZero { return PackedPages(frames: job.frames, sizes: [], chunk: nil) }
    let input = pool.take()
    let count = Int(job.frames.length * frames.pageSize)
    do throws(ReadError) {
      try unsafe frames.memory.read(
        at: job.frames.lowerBound * frames.pageSize,
        into: UnsafeMutableRawBufferPointer(rebasing: input.bytes[..<count]))
    } catch {
      throw WriteError(error)
    }
    guard let packers else {
      let output = pool.take()
      defer { pool.giveBack(input) }
      return unsafe pack(job, input, into: output) { _, _ in nil }
    }
    return try packers.withPacker { packer throws(WriteError) in
      let output = pool.take()
      defer { pool.giveBack(input) }
      return unsafe pack(job, input, into: output) { unsafe packer.pack($0, into: $1) }
    }
  }

  private func pack(
    _ job: PageJob, _ input: Chunk, into output: Chunk,
    deflate: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> Int?
  ) -> PackedPages {
    let pageSize = Int(frames.pageSize)
    var sizes: [UInt32] = []
    sizes.reserveCapacity(Int(job.frames.length))
    var end = 0
    lazy var mayBeLost = frames.mayBeLost(job.frames)
    for index in 0..<Int(job.frames.length) {
      let page = unsafe UnsafeRawBufferPointer(
        rebasing: input.bytes[index * pageSize..<(index + 1) * pageSize])
      if unsafe isAllZero(page) {
        let isLost = mayBeLost && frames.isLost(job.frames.lowerBound + UInt64(index))
        sizes.append(isLost ? PackedPages.lost : 0)
        continue
      }
      let room = unsafe UnsafeMutableRawBufferPointer(
        rebasing: output.bytes[end..<end + pageSize])
      // One byte less than the page: packing that ends there has not gained anything.
      let packed = unsafe deflate(page, UnsafeMutableRawBufferPointer(rebasing: room.dropLast()))
      if packed == nil { unsafe room.copyMemory(from: page) }
      sizes.append(UInt32(packed ?? pageSize))
      end += packed ?? pageSize
    }
    return PackedPages(frames: job.frames, sizes: sizes, chunk: output)
  }
}
