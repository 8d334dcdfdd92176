internal import Bytes

/// How many pages a file of a split set will hold. The table of descriptors stands before the pages
/// in the file, so its size must be known first: samples of the pages are packed to guess it.
struct SplitForecast {
  /// Bytes that the pages of a sample took, for each stretch of stored frames.
  private var costs: [UInt64] = []
  /// Frames of a stretch.
  private let stretch: UInt64

  /// Samples that are packed at most; each is a 64 KiB piece of memory, or one larger page.
  private static let mostSamples: UInt64 = 256
  private let sampleFrames: UInt64
  private let stored: [Range<UInt64>]

  /// Packs samples of the stored frames, at equal distances.
  init(_ frames: PageFrames, packer: PagePacker) throws(WriteError) {
    stored = frames.stored
    let total = PageFrames.count(stored)
    sampleFrames = max(1, (1 << 16) / frames.pageSize)
    stretch = max(sampleFrames, total.dividedUp(by: SplitForecast.mostSamples))
    var before: UInt64 = 0
    for range in stored {
      while UInt64(costs.count) * stretch < before + range.length {
        let first = range.lowerBound + (UInt64(costs.count) * stretch - before)
        let sample = first..<min(range.upperBound, first + sampleFrames)
        if frames.extent(at: first).kind == .leftOut {
          costs.append(0)
          continue
        }
        let packed = try packer.pack(PageJob(frames: sample, isZero: false))
        costs.append(packed.size * sampleFrames / sample.length)
        packer.recycle(packed)
      }
      before += range.length
    }
  }

  /// The number of pages from a frame on that fill `size` bytes with their descriptors of
  /// `descriptorSize` bytes. Those that a dump left out count as zeros: the guess is on the safe side.
  func pages(fromFrame frame: UInt64, filling size: UInt64, descriptorSize: UInt64) -> UInt64 {
    let rank = stored.reduce(UInt64(0)) { $0 + $1.clamped(to: 0..<frame).length }
    var left = size
    var count: UInt64 = 0
    for (index, cost) in costs.enumerated() {
      let end = (UInt64(index) + 1) * stretch
      guard end > rank + count else { continue }
      let length = end - (rank + count)
      let taken = length * (cost + descriptorSize * sampleFrames) / sampleFrames
      guard taken < left else {
        return count + left * sampleFrames / (cost + descriptorSize * sampleFrames)
      }
      left -= taken
      count += length
    }
    return count
  }
}
