import Foundation
import TestSupport
import Testing
import VMCore

@Suite("A vmcore that is written")
struct OutputTests {
  private let recipe: OpenedRecipe
  private let expected: [UInt8]

  init() throws {
    recipe = try OpenedRecipe(named: "x86_64-kexec-tools-after")
    expected = try recipe.built.expectedVMCore()
  }

  private func dump(workers: Int? = nil) throws -> CrashDump {
    try recipe.open { $0.workers = workers }
  }

  private func output(_ name: String = "vmcore") -> String { recipe.directory.path(name) }

  private func written(_ name: String = "vmcore") throws -> [UInt8] {
    try recipe.directory.bytes(of: name)
  }

  private func blocks(_ name: String) -> Int {
    var status = stat()
    return stat(output(name), &status) == 0 ? Int(status.st_blocks) : -1
  }

  @Test(
    "A file has the same bytes for any number of threads, with holes and without",
    arguments: [1, 2, 3, 8], [true, false])
  func files(_ workers: Int, _ isSparse: Bool) throws {
    let dump = try dump(workers: workers)
    try dump.write(toFileAt: output(), control: WriteControl(isSparse: isSparse))
    #expect(try difference(written(), expected) == nil)
    #expect(dump.report.vmcore.size == UInt64(expected.count))
    let used = blocks("vmcore") * 512
    #expect(isSparse ? used < expected.count / 2 : used >= expected.count)
    #expect(recipe.directory.names == ["image.bin", "vmcore"])
    var status = stat()
    #expect(stat(output(), &status) == 0 && status.st_mode & 0o777 == 0o600)
  }

  @Test(
    "A file takes the same space with its digest and without, also where every other page is zero")
  func digestSpace() throws {
    let pages = (0..<64).map { page in
      let start = 0x20_0000 + page * 0x2000
      return "fill \(start)-\(start + 0x1000) random \(page + 1)"
    }
    let recipe = try OpenedRecipe(
      """
      arch x86_64
      ram 0x1000-0x9fc00
      ram 1M-9M
      \(pages.joined(separator: "\n"))
      crash 0x700000-0x780000
      cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=7
      osrelease 6.12.9-amd64
      producer kernel
      header 0x700000
      moment before
      """)
    let dump = try recipe.open()
    var digested = OutputOptions()
    digested.hasDigest = true
    try dump.write(toFileAt: recipe.directory.path("plain"))
    try dump.write(toFileAt: recipe.directory.path("digested"), as: digested)
    let sizes = ["plain", "digested"].map { name in
      var status = stat()
      return stat(recipe.directory.path(name), &status) == 0 ? Int(status.st_blocks) * 512 : -1
    }
    #expect(sizes[0] == sizes[1])
    #expect(sizes[0] < 100 * 4096)
  }

  @Test("Progress grows up to the predicted size", arguments: [1, 4])
  func progress(_ workers: Int) throws {
    let seen = ProgressLog()
    try dump(workers: workers).write(
      toFileAt: output(), control: WriteControl(progress: { seen.append($0) }))
    let values = seen.values
    #expect(values == values.sorted())
    #expect(values.last == UInt64(expected.count))
  }

  /// The places of a run, noted by any thread.
  private final class ProgressLog: @unchecked Sendable {
    private let lock = NSLock()
    private var places: [UInt64] = []
    var values: [UInt64] { lock.withLock { places } }
    func append(_ place: UInt64) { lock.withLock { places.append(place) } }
  }

  @Test("A pipe takes the same bytes")
  func pipe() throws {
    var ends: [Int32] = [0, 0]
    #expect(Glibc.pipe(&ends) == 0)
    let reader = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
    let dump = try dump()
    let writer = Thread { [ends] in
      _ = try? dump.write(toDescriptor: ends[1], name: "standard output")
      close(ends[1])
    }
    writer.start()
    #expect(try difference(reader.readToEnd().map(Array.init) ?? [], expected) == nil)
  }

  @Test("A named pipe is written to, not replaced")
  func namedPipe() throws {
    #expect(mkfifo(output("fifo"), 0o600) == 0)
    let dump = try dump()
    let path = output("fifo")
    let writer = Thread { _ = try? dump.write(toFileAt: path) }
    writer.start()
    let reader = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    #expect(try difference(reader.readToEnd().map(Array.init) ?? [], expected) == nil)
    #expect(recipe.directory.names == ["fifo", "image.bin"])
  }

  @Test("A reader that goes away is told from a failure")
  func closedPipe() throws {
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    #expect(Glibc.pipe(&ends) == 0)
    close(ends[0])
    let error = #expect(throws: VMCoreError.self) {
      try dump().write(toDescriptor: ends[1], name: "standard output")
    }
    #expect(error?.kind == .closedPipe)
    close(ends[1])
  }

  @Test(
    "A redirected file gets the same bytes where it stands, whatever was in it",
    arguments: [
      (O_RDWR | O_CREAT | O_TRUNC, 0, 0), (O_RDWR | O_APPEND, 5000, 0), (O_RDWR, 5000, 5000),
      (O_RDWR, 5000, 0), (O_RDWR, 6 << 20, 0), (O_RDWR, 6 << 20, 4096), (O_RDWR, 100, 8192),
    ] as [(Int32, Int, Int)], [true, false])
  func redirected(_ form: (flags: Int32, old: Int, start: Int), _ isSparse: Bool) throws {
    let old = [UInt8](repeating: 0xee, count: form.old)
    _ = try recipe.directory.file(old, named: "vmcore")
    let descriptor = open(output(), form.flags, 0o600)
    #expect(descriptor >= 0)
    lseek(descriptor, off_t(form.start), SEEK_SET)
    try dump().write(
      toDescriptor: descriptor, name: "vmcore", control: WriteControl(isSparse: isSparse))
    let start = form.flags & O_APPEND != 0 ? form.old : form.start
    #expect(lseek(descriptor, 0, SEEK_CUR) == off_t(start + expected.count))
    close(descriptor)
    let bytes = try written()
    let before = old.prefix(start) + [UInt8](repeating: 0, count: max(0, start - old.count))
    #expect(difference(Array(bytes.prefix(start)), Array(before)) == nil)
    #expect(difference(Array(bytes[start..<start + expected.count]), expected) == nil)
    let rest = start + expected.count
    #expect(difference(Array(bytes.dropFirst(rest)), Array(old.dropFirst(rest))) == nil)
  }

  @Test("An existing file is kept unless it may be replaced, and the image always is")
  func refusals() throws {
    _ = try recipe.directory.file([1, 2, 3], named: "vmcore")
    let dump = try dump()
    let error = #expect(throws: VMCoreError.self) { try dump.write(toFileAt: output()) }
    #expect(error?.kind == .cannotCreate)
    #expect(error?.description == "\(output()): exists already, mayReplace replaces it")
    #expect(try written() == [1, 2, 3])
    try dump.write(toFileAt: output(), mayReplace: true)
    #expect(try difference(written(), expected) == nil)
    let image = try recipe.directory.bytes(of: "image.bin")
    try FileManager.default.linkItem(atPath: recipe.path, toPath: output("link"))
    for path in [recipe.path, output("link")] {
      let error = #expect(throws: VMCoreError.self) {
        try dump.write(toFileAt: path, mayReplace: true)
      }
      #expect(error?.description == "\(path): is the image itself, expected another file")
    }
    let descriptor = open(recipe.path, O_RDWR)
    #expect(throws: VMCoreError.self) { try dump.write(toDescriptor: descriptor, name: "out") }
    close(descriptor)
    #expect(try difference(recipe.directory.bytes(of: "image.bin"), image) == nil)
  }

  @Test("A directory, and a name in no directory, are refused in words")
  func noPlace() throws {
    let dump = try dump()
    for (path, reason) in [
      (recipe.directory.path, "is a directory, expected a file name"),
      (output("nothing/vmcore"), "cannot be created: No such file or directory"),
    ] {
      let error = #expect(throws: VMCoreError.self) {
        try dump.write(toFileAt: path, mayReplace: true)
      }
      #expect(error?.kind == .cannotCreate)
      #expect(error?.description == "\(path): \(reason)")
    }
  }

  @Test("An image that shrinks while it is read is an error, and no file is left")
  func shrinking() throws {
    let dump = try dump()
    #expect(truncate(recipe.path, 0x300000) == 0)
    let error = #expect(throws: VMCoreError.self) { try dump.write(toFileAt: output()) }
    #expect(error?.kind == .readFailed)
    #expect(error?.description.contains("it shrank while it was read") == true)
    #expect(recipe.directory.names == ["image.bin"])
    let sink = open(output("out"), O_RDWR | O_CREAT, 0o600)
    #expect(throws: VMCoreError.self) { try dump.write(toDescriptor: sink, name: "out") }
    #expect(lseek(sink, 0, SEEK_END) == 0, "half a vmcore is left")
    close(sink)
  }

  @Test("A run that is interrupted leaves nothing behind", arguments: [1, 4])
  func cancelled(_ workers: Int) throws {
    let error = #expect(throws: VMCoreError.self) {
      try dump(workers: workers).write(
        toFileAt: output(), control: WriteControl(isCancelled: { true }))
    }
    #expect(error?.kind == .cancelled)
    #expect(error?.description.contains("interrupted after 0 of \(expected.count) bytes") == true)
    #expect(recipe.directory.names == ["image.bin"])
  }

  @Test("A full disk is an error that says how far it got, and nothing looks like a vmcore")
  func fullDevice() throws {
    let descriptor = open("/dev/full", O_WRONLY)
    let error = #expect(throws: VMCoreError.self) {
      try dump().write(toDescriptor: descriptor, name: "/dev/full")
    }
    #expect(error?.kind == .writeFailed)
    #expect(
      error?.description == "/dev/full: No space left on device, after 0 of \(expected.count) bytes"
    )
    close(descriptor)
  }

  @Test(
    "A read at any offset is the slice of what is written",
    arguments: ["readme", "i386-elf32", "truncated", "q35-hole", "ppc64"])
  func slices(_ name: String) throws {
    let recipe = try OpenedRecipe(named: name)
    let dump = try recipe.open()
    try dump.write(toFileAt: recipe.directory.path("vmcore"))
    let whole = try recipe.directory.bytes(of: "vmcore")
    let seed = UInt64(name.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) })
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let offset = Int.random(in: 0...whole.count + 10, using: &generator)
      let count = Int.random(in: 0...0x9000, using: &generator)
      let slice =
        offset < whole.count ? Array(whole[offset..<min(whole.count, offset + count)]) : []
      #expect(
        try difference(dump.bytes(at: UInt64(offset), count: count), slice) == nil,
        "seed \(seed), offset \(offset), \(count) bytes")
    }
  }
}
