import Foundation
import TestSupport

/// A program to be started: what a test says about it.
struct Launch {
  /// The program and its arguments.
  var arguments: [String]
  /// The directory that it runs in.
  var directory: String
  /// Variables added to the environment.
  var environment: [String: String] = [:]
  /// Standard output, where it is not collected.
  var output: Int32?

  /// The program under test.
  static func program(_ arguments: [String], in scratch: TemporaryDirectory) -> Launch {
    Launch(arguments: [Checkout.program] + arguments, directory: scratch.path)
  }

  /// A line for the shell, which finds the program under test as `vmcoregen`.
  static func shell(_ line: String, in scratch: TemporaryDirectory) -> Launch {
    let folder = URL(fileURLWithPath: Checkout.program).deletingLastPathComponent().path
    let path = folder + ":" + (Checkout.environment["PATH"] ?? "/usr/bin:/bin")
    return Launch(
      arguments: ["/bin/sh", "-c", line], directory: scratch.path, environment: ["PATH": path])
  }

  /// Starts it and waits for its end.
  func run(limit: Double = 300) throws -> Finished { try start().wait(limit: limit) }

  /// Starts it; signals that the test process ignores have their usual effect again.
  func start() throws -> RunningProgram {
    let files = try OutputFiles()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output ?? files.output, 1)
    posix_spawn_file_actions_adddup2(&actions, files.errors, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))

    let variables = Checkout.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
    var process = pid_t()
    let status = withCStrings(["/usr/bin/env", "-C", directory] + arguments) { arguments in
      withCStrings(variables) { variables in
        posix_spawn(&process, "/usr/bin/env", &actions, &attributes, arguments, variables)
      }
    }
    guard status == 0 else {
      throw LaunchError("\(arguments[0]): \(String(cString: strerror(status)))")
    }
    return RunningProgram(process: process, files: files)
  }

  private func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let pointers = strings.map { strdup($0) }
    defer { pointers.forEach { free($0) } }
    return body(pointers + [nil])
  }
}

/// A program could not be started, or did not end.
struct LaunchError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Two unnamed files that collect what a program writes.
final class OutputFiles {
  let output: Int32
  let errors: Int32

  init() throws {
    output = try Self.unnamed()
    errors = try Self.unnamed()
  }

  deinit {
    close(output)
    close(errors)
  }

  private static func unnamed() throws -> Int32 {
    let name = "\(NSTemporaryDirectory())/vmcoregen-test-\(UUID().uuidString)"
    let descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw LaunchError("no temporary file can be made") }
    unlink(name)
    return descriptor
  }

  static func content(of descriptor: Int32) -> [UInt8] {
    var status = stat()
    fstat(descriptor, &status)
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done, off_t(done))
      }
      guard count > 0 else { break }
      done += count
    }
    return bytes
  }
}
