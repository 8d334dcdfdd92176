import Foundation
import TestSupport

/// Changes a few bytes of an image file, mostly where something is decided, and puts them back.
final class Mutator {
  let path: String
  private let descriptor: Int32
  private let size: UInt64
  /// File offsets of what the program reads: headers, notes, vmcoreinfo, zero page, trees.
  private let hot: [Range<UInt64>]
  private var old: [(offset: UInt64, bytes: [UInt8])] = []

  init(_ image: BuiltImage, path: String) throws {
    self.path = path
    size = image.fileSize
    descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw LaunchError("\(path) cannot be opened") }
    hot = image.placed.compactMap { thing in
      let length = min(UInt64(thing.range.count), 8192)
      return image.fileOffset(of: thing.range.lowerBound).map { $0..<$0 + length }
    }
  }

  deinit { close(descriptor) }

  /// Changes the file; returns what was changed, in words.
  func mutate(seed: UInt64) -> String {
    var generator = SeededGenerator(seed: seed)
    let edits = (0..<Int.random(in: 1...4, using: &generator)).map { _ -> String in
      let place = self.place(&generator)
      let bytes = self.bytes(&generator)
      var before = [UInt8](repeating: 0, count: bytes.count)
      let kept = pread(descriptor, &before, before.count, off_t(place))
      old.append((place, Array(before.prefix(max(0, kept)))))
      pwrite(descriptor, bytes, max(0, kept), off_t(place))
      return "\(bytes) at \(place)"
    }
    return edits.joined(separator: ", ")
  }

  /// Undoes the changes.
  func restore() {
    for (offset, bytes) in old.reversed() {
      pwrite(descriptor, bytes, bytes.count, off_t(offset))
    }
    old = []
  }

  private func place(_ generator: inout SeededGenerator) -> UInt64 {
    guard Int.random(in: 0..<16, using: &generator) > 0,
      let range = hot.randomElement(using: &generator)
    else { return UInt64.random(in: 0..<size, using: &generator) }
    // The head of each thing decides most; whole words more than single bytes.
    let reach = Bool.random(using: &generator) ? min(UInt64(range.count), 512) : UInt64(range.count)
    let offset = UInt64.random(in: 0..<reach, using: &generator)
    let step: UInt64 = Bool.random(using: &generator) ? 4 : 1
    return range.lowerBound + offset / step * step
  }

  private func bytes(_ generator: inout SeededGenerator) -> [UInt8] {
    let count = [1, 2, 4, 8].randomElement(using: &generator) ?? 1
    var value: UInt64 =
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: 0
      case 1: .max
      case 2: 1 << UInt64.random(in: 0..<64, using: &generator)
      case 3: (1 << UInt64.random(in: 0..<64, using: &generator)) &- 1
      case 4: UInt64.random(in: 0..<32, using: &generator)
      default: generator.next()
      }
    if Bool.random(using: &generator) { value = value.byteSwapped >> UInt64(64 - 8 * count) }
    return Array(value.bytes.prefix(count))
  }
}
