internal import Glibc
internal import SystemPackage

/// A file without a name in `$TMPDIR`, for input that can only be read in order.
package final class SpoolFile {
  /// The directory that it lies in.
  package let directory: String
  private let descriptor: FileDescriptor
  private let name: String
  private var isHandedOver = false

  /// Creates the file, readable by its owner alone, and takes its name away at once.
  package init(for name: String) throws(OpenError) {
    self.name = name
    directory = FileName.environment("TMPDIR") ?? "/tmp"
    let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
    let path = "\(directory)/.vmcoregen.\(suffix).spool"
    do {
      descriptor = try FileDescriptor.open(
        FilePath(named: path), .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
        permissions: [.ownerRead, .ownerWrite])
    } catch {
      throw OpenError(
        path: name,
        reason: "can only be read in order, and no file for a copy can be made in \(directory) "
          + "(TMPDIR names another directory): \(describe(error))")
    }
    _ = unsafe FileName.with(path) { unsafe unlink($0) }
  }

  /// Writes all of `bytes` at an offset.
  package func write(
    _ bytes: UnsafeRawBufferPointer, at offset: UInt64
  ) throws(OpenError) {
    var done = 0
    while done < bytes.count {
      let written: Int
      do throws(Errno) {
        written = try systemCall {
          unsafe pwrite(
            descriptor.rawValue, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done,
            off_t(offset) + off_t(done))
        }
      } catch {
        throw failure(error)
      }
      guard written > 0 else { throw failure(.noSpace) }
      done += written
    }
  }

  /// The file, `size` bytes long, as a source of its own.
  package func source(size: UInt64) throws(OpenError) -> FileSource {
    _ = try rethrow(as: failure, systemCall { ftruncate(descriptor.rawValue, off_t(size)) })
    isHandedOver = true
    return try FileSource(takingOver: descriptor, name: name)
  }

  deinit {
    if !isHandedOver { try? descriptor.close() }
  }

  private func failure(_ error: Errno) -> OpenError {
    OpenError(
      path: name,
      reason: "can only be read in order, and its copy cannot be written in \(directory) "
        + "(TMPDIR names another directory): \(error.description)")
  }
}
