internal import Bytes
internal import DumpRecords

/// A piece of a load, as it stands in the table of a file that leaves something out.
struct CutPiece: Equatable {
  /// The load that it is of.
  var load: ProgramHeader
  /// Bytes of the load before it.
  var start: UInt64
  /// `p_filesz`
  var fileSize: UInt64
  /// `p_memsz`
  var memorySize: UInt64
  /// `p_vaddr`
  var virtualAddress: UInt64
  /// Whether it is the last of its load.
  var isLast = true

  init(load: ProgramHeader, start: UInt64, fileSize: UInt64, memorySize: UInt64) {
    self.load = load
    self.start = start
    self.fileSize = fileSize
    self.memorySize = memorySize
    virtualAddress = load.virtualAddress
  }
}

/// Cuts one load where at least ``shortestGap`` frames in a row are left out; shorter gaps are
/// written with their data.
struct LoadCutter {
  /// `PFN_EXCLUDED` (makedumpfile)
  static let shortestGap: UInt64 = 256

  /// The frames that are asked for: a partial first page is always written.
  let frames: Range<UInt64>
  private let load: ProgramHeader
  private let pageSize: UInt64
  /// Bytes of a partial last page; 0 where it is whole.
  private let tail: UInt64
  /// From this physical address on the kernel has no virtual one.
  private let mappedEnd: UInt64
  private var pieces: [CutPiece] = []
  private var piece: CutPiece
  private var gap: UInt64 = 0

  /// - Parameter wordSize: bytes of a word of the kernel, whatever the class of the file.
  init(_ load: ProgramHeader, pageSize: UInt64, wordSize: Int) {
    self.load = load
    self.pageSize = pageSize
    let end = load.physicalAddress + load.memorySize
    let head = load.physicalAddress % pageSize
    tail = end % pageSize
    let first = (load.physicalAddress + pageSize - 1) / pageSize
    frames = first..<max(first, (end + pageSize - 1) / pageSize)
    let headSize = head == 0 ? 0 : min(pageSize - head, load.memorySize)
    piece = CutPiece(load: load, start: 0, fileSize: headSize, memorySize: headSize)
    mappedEnd = wordSize == 8 ? .max : LoadCutter.lowMemoryEnd(load)
  }

  /// Where the direct map of a 32-bit kernel ends: vmalloc has the last 128 MiB (`MAXMEM`,
  /// makedumpfile). Loads behind it have a virtual address of all ones.
  private static func lowMemoryEnd(_ load: ProgramHeader) -> UInt64 {
    let start = (load.virtualAddress &- load.physicalAddress) & 0xffff_ffff
    let end = (1 << 32 - start) & 0xffff_ffff
    return load.virtualAddress & 0xffff_ffff == 0xffff_ffff || end < 1 << 27 ? 0 : end - 1 << 27
  }

  /// Takes the next frames.
  mutating func add(_ block: KeptBlock) {
    var frame = block.frames.lowerBound
    for part in block.kept {
      leaveOut(frame..<part.lowerBound)
      keep(part.lowerBound)
      piece.memorySize += size(of: part.lowerBound + 1..<part.upperBound)
      piece.fileSize += size(of: part.lowerBound + 1..<part.upperBound)
      frame = part.upperBound
    }
    leaveOut(frame..<block.frames.upperBound)
  }

  private func size(of part: Range<UInt64>) -> UInt64 {
    let size = part.length * pageSize
    return part.upperBound == frames.upperBound && !part.isEmpty && tail > 0
      ? size - pageSize + tail : size
  }

  private mutating func leaveOut(_ part: Range<UInt64>) {
    gap += part.length
    piece.memorySize += size(of: part)
  }

  private mutating func keep(_ frame: UInt64) {
    guard gap >= LoadCutter.shortestGap else {
      let size = size(of: frame..<frame + 1)
      piece.memorySize += size
      piece.fileSize += gap * pageSize + size
      gap = 0
      return
    }
    piece.isLast = false
    pieces.append(piece)
    var next = piece
    next.start += piece.memorySize
    if load.physicalAddress + next.start < mappedEnd {
      next.virtualAddress &+= piece.memorySize
    }
    // Behind a gap every page counts as a whole one.
    next.memorySize = pageSize
    next.fileSize = pageSize
    next.isLast = true
    piece = next
    gap = 0
  }

  /// The pieces of the load.
  mutating func finish() -> [CutPiece] {
    pieces + [piece]
  }
}
