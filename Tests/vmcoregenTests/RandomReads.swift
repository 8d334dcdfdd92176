import Foundation
import TestSupport

// What Glibc's module leaves out, since it lies behind _GNU_SOURCE.
#if arch(arm64)
let O_DIRECT: Int32 = 0o200000
#else
let O_DIRECT: Int32 = 0o40000
#endif

/// Reads a file at random offsets from several threads.
struct RandomReads: Sendable {
  let path: String
  /// For `open`.
  let flag: Int32
  /// What the file holds.
  let bytes: [UInt8]

  /// Words for every read that does not give the bytes of the file.
  func differences(threads: Int, seed: UInt64) -> [String] {
    let lock = NSLock()
    nonisolated(unsafe) var result: [String] = []
    DispatchQueue.concurrentPerform(iterations: threads) { number in
      let found = differences(seed: seed &* 1000 &+ UInt64(number))
      lock.withLock { result += found }
    }
    return result
  }

  private func differences(seed: UInt64) -> [String] {
    var generator = SeededGenerator(seed: seed)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | flag)
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 300_000)
    var result: [String] = []
    for _ in 0..<100 {
      let offset = Int.random(in: 0..<bytes.count, using: &generator)
      let wanted = Int.random(in: 1...buffer.count, using: &generator)
      let count = pread(descriptor, &buffer, wanted, off_t(offset))
      let isEqual = bytes[offset...].prefix(max(0, count)).withUnsafeBytes { bytes in
        bytes.baseAddress.map { memcmp(buffer, $0, bytes.count) == 0 } ?? true
      }
      if count != min(wanted, bytes.count - offset) || !isEqual {
        result.append("\(count) of \(wanted) at \(offset), seed \(seed)")
      }
    }
    return result
  }
}
