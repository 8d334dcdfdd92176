internal import Glibc
internal import SystemPackage

/// A pipe or a socket: bytes that come in order, once.
package final class InputStream {
  /// What messages call it.
  package let name: String
  private let descriptor: FileDescriptor
  private let isCancelled: @Sendable () -> Bool

  /// Number of bytes that were read.
  package private(set) var position: UInt64 = 0

  private init(
    _ descriptor: FileDescriptor, name: String, isCancelled: @escaping @Sendable () -> Bool
  ) {
    self.descriptor = descriptor
    self.name = name
    self.isCancelled = isCancelled
  }

  /// A descriptor that is open for reading; it is closed with the stream.
  package convenience init(
    takingOver descriptor: Int32, name: String, isCancelled: @escaping @Sendable () -> Bool
  ) {
    self.init(FileDescriptor(rawValue: descriptor), name: name, isCancelled: isCancelled)
  }

  deinit {
    try? descriptor.close()
  }

  /// Why a read ended early.
  package enum Failure: Error {
    case cancelled
    case failed(String)
  }

  /// Reads until `buffer` is full or the stream ends; returns the number of bytes read.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    var done = 0
    while done < buffer.count {
      if isCancelled() { throw .cancelled }
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      guard let count = try unsafe readOnce(into: rest) else { continue }
      if count == 0 { break }
      done += count
      position += UInt64(count)
    }
    return done
  }

  /// What one read gives; nil where there is nothing yet, or a signal came: it may mean the end.
  private func readOnce(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int? {
    do throws(Errno) {
      return try interruptibleCall {
        unsafe Glibc.read(descriptor.rawValue, buffer.baseAddress, buffer.count)
      }
    } catch {
      switch error {
      case .interrupted: return nil
      case .resourceTemporarilyUnavailable:
        var poll = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        _ = unsafe Glibc.poll(&poll, 1, 1000)
        return nil
      default: throw .failed(error.description)
      }
    }
  }
}

extension InputStream {
  /// What a name stands for: a file that can be read at any offset, or a stream.
  package enum Opened {
    case file(FileSource)
    case stream(InputStream)
  }

  /// Opens a name; `-` is standard input.
  package static func open(
    _ path: String, isCancelled: @escaping @Sendable () -> Bool
  ) throws(OpenError) -> Opened {
    guard path == "-" else {
      guard FileStatus.kind(at: path) == .pipe else { return .file(try FileSource(path: path)) }
      do {
        let descriptor = try FileDescriptor.open(
          FilePath(named: path), .readOnly, options: [.closeOnExec])
        return .stream(InputStream(descriptor, name: path, isCancelled: isCancelled))
      } catch {
        throw OpenError(path: path, reason: "cannot be opened: \(describe(error))")
      }
    }
    let name = "standard input"
    let descriptor: FileDescriptor
    do { descriptor = try FileDescriptor.standardInput.duplicate() } catch {
      throw OpenError(path: name, reason: "cannot be read: \(describe(error))")
    }
    let kind: FileStatus.Kind
    do throws(OpenError) { kind = try FileStatus(of: descriptor.rawValue, path: name).kind } catch {
      try? descriptor.close()
      throw error
    }
    if kind == .pipe || kind == .socket {
      return .stream(InputStream(descriptor, name: name, isCancelled: isCancelled))
    }
    return .file(try FileSource(takingOver: descriptor, name: name))
  }
}
