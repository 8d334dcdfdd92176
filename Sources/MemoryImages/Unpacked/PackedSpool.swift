internal import Bytes
internal import ChildProcesses
internal import Codecs
internal import Glibc

/// Unpacks a file into one without a name: by a library where that is installed, else by the command
/// that everybody uses for it.
struct PackedSpool {
  private let layer: PackedLayer
  private let file: SpoolFile
  private var made: UInt64 = 0
  /// Of them those that are stored.
  private var kept: UInt64 = 0
  private var warnings: [Finding] = []

  /// Bytes that are read or made at once.
  private static let stepSize = 1 << 20
  /// Zeros of this size stay a hole.
  private static let blockSize = 1 << 16

  /// Unpacks all of a file.
  static func input(of layer: PackedLayer) throws(ImageError) -> ImageInput {
    let file = try rethrow(as: ImageError.init(opening:), SpoolFile(for: layer.name))
    var spool = PackedSpool(layer, file)
    if let unpacker = layer.form.unpacker() {
      try spool.run(unpacker)
    } else {
      try spool.runCommand()
    }
    var unpacked = layer.input
    unpacked.source = try rethrow(as: ImageError.init(opening:), file.source(size: spool.made))
    unpacked.warnings += spool.warnings
    unpacked.notices.append(
      "\(layer.name): its \(spool.made) bytes, unpacked by \(layer.form.rawValue), are kept in a "
        + "file without a name in \(file.directory)")
    return unpacked
  }

  private init(_ layer: PackedLayer, _ file: SpoolFile) {
    self.layer = layer
    self.file = file
  }

  /// Adds unpacked bytes; blocks of zeros stay holes.
  private mutating func add(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + PackedSpool.blockSize)
      let block = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      if unsafe !isAllZero(block) {
        kept += UInt64(block.count)
        try layer.check(kept: kept)
        try rethrow(as: ImageError.init(opening:), unsafe file.write(block, at: made))
      }
      made += UInt64(block.count)
      start = end
    }
    try layer.check(made: made, kept: kept)
  }

  // MARK: By a library

  private mutating func run(_ unpacker: any StreamUnpacker) throws(ImageError) {
    let input = Chunk(size: PackedSpool.stepSize)
    let output = Chunk(size: PackedSpool.stepSize)
    var position: UInt64 = 0
    var available = 0
    var used = 0
    while true {
      if used == available {
        do throws(ReadError) {
          available = try unsafe layer.source.read(at: position, into: input.bytes)
        } catch {
          throw ImageError(reading: error)
        }
        used = 0
      }
      let rest = unsafe UnsafeRawBufferPointer(rebasing: input.bytes[used..<available])
      guard let step = unsafe unpacker.step(rest, into: output.bytes) else {
        return try end(.damaged, at: position)
      }
      used += step.used
      position += UInt64(step.used)
      try unsafe add(UnsafeRawBufferPointer(rebasing: output.bytes[..<step.made]))
      if step.isAtEnd {
        switch try layer.following(position) {
        case .end: return
        case .something: return try end(.trailing, at: position)
        case .another: break
        }
        guard unpacker.restart() else { return try end(.damaged, at: position) }
      } else if step.used == 0, step.made == 0 {
        return try end(available == 0 ? .cut : .damaged, at: position)
      }
    }
  }

  private mutating func end(_ fault: PackedLayer.Fault, at position: UInt64) throws(ImageError) {
    warnings.append(try layer.finding(fault, at: position, made: made))
  }

  // MARK: By a command

  private mutating func runCommand() throws(ImageError) {
    var ends: [Int32] = [0, 0]
    guard let place = layer.source.filePosition(at: 0), lseek(place.descriptor, 0, SEEK_SET) == 0,
      unsafe pipe(&ends) == 0
    else { throw absent("no command can be started for it here") }
    _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
    let stream = InputStream(
      takingOver: ends[0], name: layer.name, isCancelled: layer.isCancelled)
    let nothing = unsafe Glibc.open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(nothing) }
    var surroundings = ChildProcess.Surroundings()
    surroundings.standard = (place.descriptor, ends[1], nothing)
    let child: ChildProcess
    do throws(SpawnError) {
      child = try ChildProcess(layer.form.command, in: surroundings)
    } catch {
      close(ends[1])
      throw absent("\(error)")
    }
    close(ends[1])
    do throws(ImageError) {
      try copy(stream)
    } catch {
      child.send(SIGKILL)
      _ = child.wait()
      throw error
    }
    guard child.wait() == .exited(0) else {
      return try end(.damaged, at: layer.source.size)
    }
  }

  private mutating func copy(_ stream: InputStream) throws(ImageError) {
    let chunk = Chunk(size: PackedSpool.stepSize)
    while true {
      let read: Int
      do throws(InputStream.Failure) { read = try unsafe stream.read(into: chunk.bytes) } catch {
        try layer.check(made: made, kept: kept)
        throw ImageError(.unusable, "\(layer.name): what is unpacked cannot be read")
      }
      guard read > 0 else { return }
      try unsafe add(UnsafeRawBufferPointer(rebasing: chunk.bytes[..<read]))
    }
  }

  private func absent(_ reason: String) -> ImageError {
    let command = layer.form.command.joined(separator: " ")
    return ImageError(
      .unusable,
      "\(layer.name): is compressed with \(layer.form.rawValue), which needs Debian's package "
        + "\(layer.form.packages) (\(reason)): install it, or unpack the file elsewhere, as in "
        + "'\(command) < FILE > image.bin'")
  }
}
