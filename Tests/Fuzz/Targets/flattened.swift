import CrashedKernel
import CLinux
import Glibc
import MemoryImages

/// A flattened file: opened, read, and converted; the same bytes through a pipe, which are spooled,
/// are the same dump.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = ImageInput(FuzzedBytes(start, count))
  let isMine = (try? input.source.bytes(at: 0, count: 16)).map(ImageFormat.flattened.recognizes)
  guard isMine == true else { return 0 }
  let image: MemoryImage?
  do throws(ImageError) {
    image = try ImageFormat.flattened.open(input, ImageOptions(machines: Architecture.identities))
  } catch {
    image = nil
    let kind = spooled(start, count).error?.kind
    precondition(kind == .unusable || kind == .cannotOpen, "the pipe is taken: \(error)")
  }
  guard let image else { return 0 }
  FuzzedDump.use(image)
  let (other, error) = spooled(start, count)
  // No file can be made with a byte near 2⁶³.
  guard error?.kind != .cannotOpen else { return 0 }
  guard let other else { fatalError("the pipe is refused: \(error?.description ?? "")") }
  precondition(other.memory.regions.map(\.range) == image.memory.regions.map(\.range))
  precondition(other.warnings.map(\.isPartial) == image.warnings.map(\.isPartial))
  FuzzedDump.expect(other.memory, holds: image.memory)
  return 0
}

/// What comes of the bytes in a pipe, which must take all of them at once.
private func spooled(
  _ start: UnsafePointer<UInt8>, _ count: Int
) -> (image: MemoryImage?, error: ImageError?) {
  var ends: [Int32] = [0, 0]
  precondition(pipe(&ends) == 0)
  _ = clinux_set_pipe_size(ends[1], 1 << 17)
  precondition(write(ends[1], start, count) == count)
  close(ends[1])
  defer { close(ends[0]) }
  do throws(ImageError) {
    return (
      try ImageFormat.open(
        path: "/dev/fd/\(ends[0])", options: ImageOptions(machines: Architecture.identities)), nil
    )
  } catch {
    return (nil, error)
  }
}
