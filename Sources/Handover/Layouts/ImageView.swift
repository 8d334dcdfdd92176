internal import Bytes
internal import MemoryImages

/// An image under one layout, seen from a scan that may have used another.
struct ImageView: Sendable {
  let memory: PhysicalMemory
  let layout: ImageLayout
  /// Whether nobody said that the image lies so.
  let isOpen: Bool
  /// Whether others are better.
  let isLastResort: Bool
  /// Whether the file itself tells that it lies so.
  let isTold: Bool
  /// From the addresses of the scan to those of this view.
  private let shift: ImageLayout

  /// The image as it was opened: the scan used the same layout.
  init(given image: MemoryImage) {
    memory = image.memory
    layout = image.layout
    isOpen = false
    isLastResort = false
    isTold = false
    shift = .identity
  }

  /// Another layout of an image that was scanned at address = file offset.
  init(
    _ memory: PhysicalMemory, under layout: ImageLayout, isLastResort: Bool = false,
    isTold: Bool = false
  ) {
    self.isLastResort = isLastResort
    self.isTold = isTold
    self.memory = memory
    self.layout = layout
    isOpen = true
    shift = layout
  }

  /// The address in this view of a place that the scan found.
  func address(ofScanned address: UInt64) -> UInt64? {
    shift.address(ofFileOffset: address)
  }

  /// Where the scan saw a range of this view.
  func scannedRanges(of range: Range<UInt64>) -> [Range<UInt64>] {
    guard isOpen else { return [range] }
    return memory.regions(in: range, movedTo: range.lowerBound).compactMap {
      Range(start: $0.offset, length: $0.range.length)
    }
  }
}
