import Bytes
import Glibc
import VMCore

/// The whole program: an image in, its ELF vmcore and its kdump-compressed one out, and what `verify`
/// says. Time and what is written are limited as for any file that stores less than 1 MiB; the
/// memory is limited by `run`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = FuzzedBytes(start, count).bytes
  guard let image = SparseFile(input) else { return 0 }
  let clock = ContinuousClock.now
  var options = CrashDumpOptions()
  options.workers = 1
  use(image, options)
  options.isRebuilding = true
  use(image, options)
  _ = try? VerificationReport(imageAt: image.path, options: options)
  // AddressSanitizer takes ten times as long, and fuzzers share their processors.
  precondition(ContinuousClock.now - clock < .seconds(60), "too slow")
  return 0
}

private func use(_ image: SparseFile, _ options: CrashDumpOptions) {
  guard let dump = try? CrashDump(imageAt: image.path, options: options) else { return }
  write(dump, OutputOptions(), image)
  var kdump = OutputOptions()
  kdump.format = .kdump
  kdump.engine = .zlib
  write(dump, kdump, image)
}

private func write(_ dump: CrashDump, _ output: OutputOptions, _ image: SparseFile) {
  guard let file = SparseFile([]) else { return }
  _ = try? dump.write(toDescriptor: file.descriptor, name: "output", as: output)
  precondition(file.stored <= 64 * image.stored + 65 << 20, "too much is written")
}

/// A file in memory made of pieces, each with the place where it belongs: six bytes for that, two for
/// the number of bytes that follow.
private final class SparseFile {
  let descriptor: Int32
  var path: String { "/proc/self/fd/\(descriptor)" }

  init?(_ input: [UInt8]) {
    descriptor = memfd_create("fuzz", 0)
    guard descriptor >= 0 else { return nil }
    var rest = input[...]
    while rest.count > 8 {
      let place = rest.prefix(6).reversed().reduce(0) { $0 << 8 | Int($1) }
      let count = rest.dropFirst(6).prefix(2).reversed().reduce(0) { $0 << 8 | Int($1) }
      let bytes = Array(rest.dropFirst(8).prefix(count))
      rest = rest.dropFirst(8 + count)
      pwrite(descriptor, bytes, bytes.count, place)
    }
  }

  deinit {
    close(descriptor)
  }

  var stored: Int {
    var status = stat()
    fstat(descriptor, &status)
    return Int(status.st_blocks) * 512
  }
}

@_silgen_name("memfd_create")
private func memfd_create(_ name: UnsafePointer<CChar>, _ flags: UInt32) -> Int32
