package import Bytes

/// What the bytes of an image look like as a whole, told from samples: what is said where nothing of
/// a kernel is in them.
package struct MemoryCharacter: Equatable, Sendable {
  /// Pages that were looked at.
  package private(set) var pages = 0
  /// Those that are zero.
  package private(set) var zero = 0
  /// Those whose bytes are as even as noise.
  package private(set) var noise = 0

  private static let mostSamples: UInt64 = 1024
  private static let pageSize: UInt64 = 4096

  /// Looks at pages at equal distances, which need not be all in the image.
  package init(of memory: PhysicalMemory) throws(ReadError) {
    let total = memory.size / MemoryCharacter.pageSize
    let step = max(1, total / MemoryCharacter.mostSamples)
    var next: UInt64 = 0
    var before: UInt64 = 0
    for region in memory.regions {
      let count = region.range.length / MemoryCharacter.pageSize
      while next < before + count {
        let offset = region.offset + (next - before) * MemoryCharacter.pageSize
        try add(region.source, at: offset)
        next += step
      }
      before += count
    }
  }

  private mutating func add(_ source: any ByteSource, at offset: UInt64) throws(ReadError) {
    pages += 1
    let extent = source.extent(at: offset)
    if extent.isHole, extent.end - offset >= MemoryCharacter.pageSize {
      zero += 1
      return
    }
    let bytes = try source.bytes(at: offset, count: Int(MemoryCharacter.pageSize))
    if bytes.allSatisfy({ $0 == 0 }) {
      zero += 1
    } else if MemoryCharacter.isNoise(bytes) {
      noise += 1
    }
  }

  /// The χ² of the bytes' frequencies: 255 ± 23 for noise, thousands for code, data and text.
  private static func isNoise(_ bytes: [UInt8]) -> Bool {
    var counts = [Int](repeating: 0, count: 256)
    for byte in bytes { counts[Int(byte)] += 1 }
    let expected = bytes.count / 256
    let sum = counts.reduce(0) { $0 + ($1 - expected) * ($1 - expected) }
    return expected > 0 && sum / expected < 400
  }

  /// Whether what is not zero is noise, nearly all of it: memory that is encrypted, or a packed file.
  package var isNoise: Bool { pages - zero >= 16 && noise * 20 >= (pages - zero) * 19 }

  /// What is said of such bytes; nil where they look like a machine's memory.
  package var text: String? {
    if isNoise {
      return
        "its bytes have no structure, \(noise) of \(pages - zero) pages that were looked at and "
        + "are not zero are noise: a guest's memory that is encrypted (SEV, SEV-SNP, a protected s390 "
        + "guest), or a packed file"
    }
    if pages >= 64, zero * 100 >= pages * 99 {
      return "nearly all of it is zero, \(zero) of \(pages) pages that were looked at: memory that "
        + "nobody used, or that a guest keeps from its host (SEV-SNP, TDX)"
    }
    return nil
  }
}
