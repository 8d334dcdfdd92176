#if ArgumentParser
import ChildProcesses
import Glibc
import VMCore

/// `mount` without `--foreground`: the program starts itself once more with that option and
/// returns when the files are there. (A process with threads cannot be forked safely.)
enum BackgroundMount {
  /// The line that says that the files are there.
  static let ready = "ready"
  /// The same where the vmcore lacks something.
  static let partial = "ready, partial"

  /// Starts the process and waits for its line; what it says before that is passed on.
  static func run() throws -> Outcome {
    guard let output = Pipe(), let errors = Pipe() else {
      throw VMCoreError(.cannotCreate, "no pipe can be made")
    }
    let child = try start(output, errors)
    output.closeWriteEnd()
    errors.closeWriteEnd()
    var text = ""
    var isOpen = true
    while isOpen && !text.hasSuffix("\n") {
      if Interruption.isPending { child.send(SIGTERM) }
      wait(for: output, errors)
      if isReadable(errors.readEnd), let bytes = errors.read() {
        StandardError.write(String(decoding: bytes, as: UTF8.self))
      }
      if isReadable(output.readEnd) {
        let bytes = output.read()
        isOpen = bytes != nil
        text += String(decoding: bytes ?? [], as: UTF8.self)
      }
    }
    while isReadable(errors.readEnd), let bytes = errors.read() {
      StandardError.write(String(decoding: bytes, as: UTF8.self))
    }
    switch text {
    case "\(ready)\n": return .done
    case "\(partial)\n": return .partial
    default: return outcome(of: child.wait())
    }
  }

  private static func start(_ output: Pipe, _ errors: Pipe) throws -> ChildProcess {
    var surroundings = ChildProcess.Surroundings()
    // Standard input is the same as here: it may be the image.
    surroundings.standard = (nil, output.writeEnd, errors.writeEnd)
    surroundings.hasSession = true
    // The first argument is this command's name.
    let arguments = Arguments.all.prefix(1) + ["--foreground"] + Arguments.all.dropFirst()
    do {
      return try ChildProcess(
        ([program] + arguments).map { PathText.bytes(of: $0) }, in: surroundings)
    } catch {
      throw VMCoreError(.cannotCreate, error.description)
    }
  }

  /// This program's file, by its name, so that `ps` shows it.
  private static var program: String {
    let link = "/proc/self/exe"
    guard let resolved = unsafe realpath(link, nil) else { return link }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  private static func wait(for output: Pipe, _ errors: Pipe) {
    var polls = [output, errors].filter(\.isOpen).map {
      pollfd(fd: $0.readEnd, events: Int16(POLLIN), revents: 0)
    }
    _ = unsafe poll(&polls, nfds_t(polls.count), -1)
  }

  private static func outcome(of ending: ChildProcess.Ending) -> Outcome {
    switch ending {
    case .exited(let code): Outcome(rawValue: code) ?? .bug
    case .killed(let number): Interruption.die(by: Interruption.pendingSignal ?? number)
    }
  }
}

/// A pipe whose writing end goes to a child.
private final class Pipe {
  let readEnd: Int32
  let writeEnd: Int32
  private(set) var isOpen = true

  init?() {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { return nil }
    readEnd = ends[0]
    writeEnd = ends[1]
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  }

  deinit {
    close(readEnd)
  }

  func closeWriteEnd() {
    close(writeEnd)
  }

  /// What is there; nil at the end.
  func read() -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe Glibc.read(readEnd, &bytes, bytes.count)
    isOpen = count > 0
    return isOpen ? Array(bytes.prefix(count)) : nil
  }
}
#endif
