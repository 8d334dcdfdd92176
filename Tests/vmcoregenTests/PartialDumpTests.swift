import Foundation
import TestConditions
import TestSupport
import Testing

@Suite("A vmcore that is kept though the disk was full")
struct PartialDumpTests {
  private let scratch: TemporaryDirectory
  /// The memory, address = offset.
  private let memory: [UInt8]

  /// Every form that can end early; what packs by a library is skipped where that is not there.
  private static let forms = [
    "", "--no-sparse", "--flatten", "-d 1", "-z", "-z0", "-z --no-sparse", "-z --flatten",
    "-z -d 1",
    "--compression=zstd", "--compression=lzo", "--compression=snappy",
  ]

  init() throws {
    scratch = try TemporaryDirectory()
    try DenseImage.addSmall(to: scratch)
    let finished = try Launch.shell(
      "vmcoregen -q --format=raw -o memory image.bin", in: scratch
    ).run()
    #expect(finished.status == 0)
    memory = try scratch.bytes(of: "memory")
  }

  private func run(_ line: String) throws -> Finished {
    try Launch.shell(line, in: scratch).run()
  }

  /// Random bytes of the memory, nearly all that are not zero.
  private static let random = 0x44000

  /// Bytes of a file of a form before the first page that is not zero.
  private static func front(_ options: String) -> Int {
    let isPlain = !options.contains("-z") && !options.contains("--compression")
    return isPlain && !options.contains("--flatten") ? 0x21000 + 0x2000 : 40_000
  }

  /// Expects a file that opens, says that it is incomplete, and holds nothing but what it should, at
  /// least so many bytes of memory that are not zero.
  private func check(
    _ name: String, parts: String = "", holds least: Int, _ comment: Comment
  ) throws {
    let info = try run("vmcoregen info \(parts) \(name)")
    #expect([0, 1].contains(info.status), comment)
    #expect(
      (info.text + info.errors).contains("marked as incomplete by whoever wrote it"),
      "\(comment): \(info.errors)")
    guard least > 0 else { return }
    let finished = try run("rm -f back; vmcoregen \(parts) --format=raw \(name) -o back")
    #expect(finished.status == 1, comment)
    #expect(!finished.errors.contains("damaged"), "\(comment): \(finished.errors)")
    let back = try scratch.bytes(of: "back")
    #expect(zip(back, memory).allSatisfy { $0 == $1 || $0 == 0 }, comment)
    #expect(back.reduce(0) { $0 + ($1 == 0 ? 0 : 1) } >= least, comment)
  }

  /// What other readers say of files.
  private func judge(_ names: [String], isFlattened: Bool) throws {
    if OutsideTool("crash") != nil {
      for name in names {
        let finished = try run("crash --osrelease \(name)")
        #expect(finished.text.contains("6.12.9-amd64"), "\(name): \(finished.errors)")
      }
    } else {
      try OutsideTool.absent("crash")
    }
    guard !isFlattened, let python = try OutsideTool.python(with: "kdumpfile") else { return }
    let script = """
      import sys, kdumpfile
      for name in sys.argv[1:]: print(kdumpfile.kdumpfile(name).attr['linux.uts.release'])
      """
    let result = try python.run(["-c", script] + names.map(scratch.path))
    #expect(result.status == 0)
    #expect(
      String(decoding: result.output, as: UTF8.self)
        == String(repeating: "6.12.9-amd64\n", count: names.count))
  }

  @Test("at every 64 KiB is short, sound, and says so", arguments: forms)
  func limits(_ options: String) throws {
    let whole = try run("vmcoregen -q \(options) image.bin -o all")
    if whole.errors.contains("is not installed") { return }
    #expect(whole.status == 0)
    let size = try scratch.bytes(of: "all").count
    var names: [String] = []
    for limit in stride(from: 1 << 16, to: size, by: 1 << 16) {
      let jobs = 1 + (limit >> 16) % 2
      let name = "cut.\(limit)"
      let comment: Comment = "\(options), limit \(limit) of \(size), -j \(jobs)"
      let finished = try run(
        "\(FullDiskTests.limit(limit)); vmcoregen -j \(jobs) --keep-partial \(options) image.bin "
          + "-o \(name)")
      #expect(finished.status == 1, comment)
      #expect(finished.errors.contains("\(name): File too large, "), comment)
      #expect(finished.errors.contains("is kept, and says that it is incomplete"), comment)
      let least = min(limit - Self.front(options), Self.random * 9 / 10)
      try check(name, holds: least, comment)
      names.append(name)
    }
    #expect(!names.isEmpty)
    try judge(names, isFlattened: options.contains("--flatten"))
  }

  @Test(
    "is a redirected file, too, but none that held something before",
    arguments: ["", "-z", "--flatten", "-z --flatten"])
  func redirected(_ options: String) throws {
    let limit = FullDiskTests.limit(1 << 18)
    let finished = try run("(\(limit); vmcoregen -q --keep-partial \(options) image.bin > cut)")
    #expect(finished.status == 1)
    #expect(finished.errors.contains("standard output: File too large, "))
    try check("cut", holds: 80_000, "redirected")
    let old = [UInt8](repeating: 0xee, count: 1 << 19)
    try scratch.file(old, named: "old")
    #expect(
      try run("(\(limit); vmcoregen -q --keep-partial \(options) image.bin 1<> old)").status == 74)
    #expect(try scratch.bytes(of: "old").count == old.count)
  }

  @Test("is what a small tmpfs holds", arguments: forms)
  func tmpfs(_ options: String) throws {
    for (size, jobs) in [(128, 1), (192, 2)] {
      let finished = try PrivateMounts.run(
        "mount -t tmpfs -o size=\(size)k none small || exit 99; "
          + "vmcoregen -q -j \(jobs) --keep-partial \(options) -o small/vmcore image.bin; "
          + "status=$?; cp --sparse=always small/vmcore cut; ls -A small; exit $status",
        in: scratch)
      if finished.errors.contains("is not installed") { return }
      #expect(finished.status == 1)
      #expect(finished.text == "vmcore\n")
      #expect(finished.errors.contains("small/vmcore: No space left on device, "))
      let zeros = options == "--no-sparse" ? 0x21000 : 0
      try check("cut", holds: (size << 10) - 60_000 - zeros, "\(options), \(size) KiB")
      try FileManager.default.removeItem(atPath: scratch.path("cut"))
    }
  }

  @Test("can be several files, which are joined")
  func split() throws {
    for limit in [1 << 16, 1 << 17] {
      let finished = try run(
        "rm -f a b; (\(FullDiskTests.limit(limit)); vmcoregen -q -z0 --keep-partial --split-into a "
          + "--split-into b image.bin)")
      #expect(finished.status == 1)
      try check("a", parts: "--part b", holds: limit - 40_000, "limit \(limit)")
      guard OutsideTool("makedumpfile") != nil else {
        return try OutsideTool.absent("makedumpfile")
      }
      #expect(try run("rm -f joined; makedumpfile --reassemble a b joined").status == 0)
      try check("joined", holds: limit - 40_000, "joined, limit \(limit)")
    }
  }

  @Test("has no digest, and status 0 for scripts")
  func digest() throws {
    let limit = FullDiskTests.limit(1 << 17)
    let finished = try run(
      "(\(limit); vmcoregen -q --status=lenient --keep-partial --digest image.bin -o cut)")
    #expect(finished.status == 0)
    #expect(scratch.names == ["cut", "image.bin", "memory"])
    try check("cut", holds: 0, "lenient")
  }

  @Test("is nothing where not even the notes fit, or the form has no mark for it")
  func nothing() throws {
    let line = "\(FullDiskTests.limit(4096)); vmcoregen -q --keep-partial"
    for options in ["", "-z", "--flatten", "-z --flatten"] {
      #expect(try run("\(line) \(options) image.bin -o cut").status == 74, "\(options)")
    }
    for options in ["--gzip", "--format=raw", "--format=lime", "-z --split-size 192K"] {
      let line = "\(FullDiskTests.limit(1 << 16)); vmcoregen -q --keep-partial"
      #expect(try run("\(line) \(options) image.bin -o cut").status == 74, "\(options)")
    }
    #expect(scratch.names == ["image.bin", "memory"])
  }

  @Test("is what makedumpfile's command line leaves of the last of its levels")
  func underTheOtherName() throws {
    let name = "ln -sf $(command -v vmcoregen) makedumpfile"
    let limit = FullDiskTests.limit(1 << 17)
    #expect(try run("\(name); (\(limit); ./makedumpfile -c image.bin cut)").status == 0)
    try check("cut", holds: 80_000, "makedumpfile")
    #expect(try run("vmcoregen -q -d 1 image.bin -o small").status == 0)
    let room = FullDiskTests.limit((try scratch.bytes(of: "small").count / 1024 + 1) * 1024)
    #expect(
      try run("(\(room); ./makedumpfile -E -d 0,1 image.bin two); cmp two small").status == 0)
  }

  @Test("is what arrived of a stream that was cut", arguments: ["", "-z", "-z0", "-z -d 1"])
  func cutStream(_ options: String) throws {
    try DenseImage.addLarge(to: scratch)
    let finished = try run(
      """
      vmcoregen -q --flatten \(options) image.bin | head -c 3500000 > cut
      vmcoregen --format=raw cut -o back
      """)
    #expect(finished.status == 1)
    let held = try scratch.bytes(of: "back").reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
    #expect(held >= 1_500_000, "\(options): \(held)")
  }

  @Test("is a failure to makedumpfile -R: scripts wipe what it was read from")
  func rearranged() throws {
    let name = "ln -sf $(command -v vmcoregen) makedumpfile"
    #expect(try run("\(name); ./makedumpfile -F -c image.bin > flat").status == 0)
    #expect(try run("./makedumpfile -R whole < flat; vmcoregen info whole > log").status == 0)
    #expect(try run("head -c 200000 flat > cut; ./makedumpfile -R part < cut").status == 1)
    #expect(scratch.names.contains("part"))
    for line in [
      "head -c 4096 flat > none; ./makedumpfile -R no < none",
      "head -c 4096 flat | ./makedumpfile -R no",
    ] {
      #expect(try run(line).status == 1)
      #expect(!scratch.names.contains("no"))
    }
  }

  @Test("has what was in memory that was given back, wherever the disk was full then")
  func systemArea() throws {
    try scratch.add("s390x-after")
    #expect(try run("vmcoregen -q image.bin -o vmcore").status == 0)
    #expect(try run("vmcoregen -q --format=raw vmcore -o all").status == 0)
    let size = try scratch.bytes(of: "vmcore").count
    for limit in stride(from: 0x8_0000, to: size, by: 0x4_0000) {
      let finished = try run(
        """
        rm -rf h cut back; mkdir -p h/sys/kernel/debug/zcore h/proc
        echo 50000 > h/sys/kernel/debug/zcore/hsa; cp vmcore h/proc/vmcore
        \(FullDiskTests.limit(limit)); vmcoregen -q --keep-partial --no-sparse --root h h/proc/vmcore -o cut
        """)
      #expect(finished.status == 1, "\(limit): \(finished.errors)")
      #expect(try run("vmcoregen -q --format=raw cut -o back").status == 1)
      let low = 0..<0x5_0000
      #expect(try scratch.bytes(of: "back")[low] == scratch.bytes(of: "all")[low])
    }
  }

  @Test("of no memory at all is a failure, also for scripts")
  func noMemory() throws {
    let finished = try run(
      """
      ln -sf $(command -v vmcoregen) makedumpfile; vmcoregen -q image.bin -o vmcore
      head -c 8192 vmcore > cut; ./makedumpfile -c -d 31 cut out
      """)
    #expect(finished.status == 1)
  }

  @Test(
    "is what a signal leaves of a run",
    arguments: ["--no-sparse", "-z", "--flatten", "-z --flatten"])
  func interrupted(_ options: String) throws {
    try DenseImage.addLarge(to: scratch)
    var generator = SeededGenerator(seed: UInt64(options.utf8.count))
    let whole = try run("vmcoregen -q \(options) image.bin -o all")
    for _ in 0..<4 {
      let arguments = ["-q", "--keep-partial"] + options.split(separator: " ").map(String.init)
      let running = try Launch.program(arguments + ["-o", "cut", "image.bin"], in: scratch).start()
      usleep(UInt32(Double.random(in: 0...whole.seconds, using: &generator) * 1e6))
      running.send(SIGTERM)
      let finished = try running.wait()
      #expect([0, 128 + SIGTERM].contains(finished.status))
      #expect(!scratch.names.contains { $0.hasSuffix(".partial") })
      guard scratch.names.contains("cut") else { continue }
      let info = try run("vmcoregen info cut; rm cut")
      let says = (info.text + info.errors).contains("marked as incomplete")
      #expect(says == (finished.status != 0), "\(info.text)")
    }
  }
}
