import Testing

import VMCore
@testable import vmcoregen

@Suite("makedumpfile's command line")
struct MakedumpfileLanguageTests {
  private func steps(_ line: String) throws -> [String] {
    try MakedumpfileLanguage.run(
      line.split(separator: " ").map(String.init), canPack: { _ in true }
    ).steps.map {
      $0.arguments.joined(separator: " ")
    }
  }

  @Test(
    "is said in this program's own options",
    arguments: [
      (
        "-c -d 31 /proc/vmcore out",
        "--format=kdump --compression=zlib D31 --status=lenient --keep-partial /proc/vmcore out"
      ),
      (
        "-l --message-level 7 -d 31 /proc/vmcore /var/crash/vmcore-incomplete",
        "--format=kdump --compression=lzo D31 --status=lenient --keep-partial /proc/vmcore "
          + "/var/crash/vmcore-incomplete"
      ),
      (
        "-F -c -d 31 /proc/vmcore",
        "--format=kdump --compression=zlib --flatten D31 --status=lenient --keep-partial "
          + "/proc/vmcore"
      ),
      (
        "-F -E --num-threads 4 --message-level 6 -d 0 /proc/vmcore",
        "--format=elf --flatten --jobs=4 --progress=none --status=lenient --keep-partial "
          + "/proc/vmcore"
      ),
      (
        "-Fcd1 in",
        "--format=kdump --compression=zlib --flatten D1 --status=lenient --keep-partial in"
      ),
      ("--num-thr=2 -E in out", "--format=elf --jobs=2 --status=lenient --keep-partial in out"),
      (
        "in -f out",
        "--format=kdump --compression=none --force --status=lenient --keep-partial in out"
      ),
      ("-E -- in -f", "--format=elf --status=lenient --keep-partial in ./-f"),
      ("-zE -d 1 in out", nil),
      (
        "-p --num-threads 0 in out",
        "--format=kdump --compression=snappy --jobs=1 --status=lenient --keep-partial in out"
      ),
      (
        "-F -f in", "--format=kdump --compression=none --flatten --status=lenient --keep-partial in"
      ),
      (
        "-c -- -in -out",
        "--format=kdump --compression=zlib --status=lenient --keep-partial ./-in ./-out"
      ),
      ("-R out", "--unflatten --sync - out"),
      (
        "--reassemble a b c out",
        "--format=kdump --compression=zlib --part=b --part=c --status=lenient --keep-partial a out"
      ),
      (
        "--split -c -d 31 in a b c",
        "--format=kdump --compression=zlib D31 --status=lenient --keep-partial --split-into=a "
          + "--split-into=b --split-into=c in"
      ),
      (
        "--split -l -f --diskset=in1 --diskset=in2 a b",
        "--format=kdump --compression=lzo --part=in2 --force --status=lenient --keep-partial "
          + "--split-into=a --split-into=b in1"
      ),
      (
        "--reassemble -D --num-threads 2 a b c out",
        "--format=kdump --compression=zlib --part=b --part=c --jobs=2 --verbose --status=lenient "
          + "--keep-partial a out"
      ),
      ("-R --num-threads 2 out", "--unflatten --sync --jobs=2 - out"),
      (
        "-z --diskset=a --diskset=b out",
        "--format=kdump --compression=zstd --part=b --status=lenient --keep-partial a out"
      ),
      ("--mem-usage in", "info --pages in"),
      (
        "--dry-run -d 31 in",
        "--format=kdump --compression=none D31 --dry-run --status=lenient --keep-partial in"
      ),
      (
        "--message-level 0 -E in out",
        "--format=elf --progress=none --quiet --status=lenient --keep-partial in out"
      ),
      ("-D -E in out", "--format=elf --verbose --status=lenient --keep-partial in out"),
      (
        "-D --message-level 0 -E in out",
        "--format=elf --progress=none --verbose --status=lenient --keep-partial in out"
      ),
    ] as [(String, String?)])
  func translates(line: String, expected: String?) throws {
    guard let expected else {
      #expect(throws: CollectorError.self) { try steps(line) }
      return
    }
    let level = expected.replacing(/D(\d+)/) {
      "--dump-level=\($0.1) --filter=best-effort"
    }
    #expect(try steps(line) == [level])
  }

  @Test(
    "loses no dump where a number is none: it is taken as makedumpfile takes it, and that is said",
    arguments: [
      ("-d 0x1f", "--dump-level=0", "-d 0x1f: is taken for 0"),
      ("-d 11,31x", "--dump-level=31", "-d 11,31x: is taken for 11,31"),
      ("-d 31,", "--dump-level=31", "-d 31,: is taken for 31"),
      ("--num-threads x", "--jobs=1", "--num-threads x: is taken for 1"),
      ("--num-threads -3", "--jobs=1", "--num-threads -3: is taken for 1"),
      ("--num-threads 5000", "--jobs=1024", "--num-threads 5000: is taken for 1024"),
      ("--message-level 7x", "--status=lenient", "--message-level 7x: is taken for 7"),
    ])
  func numbers(line: String, option: String, notice: String) throws {
    let run = try MakedumpfileLanguage.run(
      line.split(separator: " ").map(String.init) + ["in", "out"])
    #expect(run.notices == [notice])
    let words = run.steps.last?.arguments ?? []
    #expect(
      words.contains(option) || option == "--dump-level=0" && !words.joined().contains("dump-l"))
  }

  @Test(
    "is refused where it cannot be followed",
    arguments: [
      ("", "0 names of files, expected VMCORE DUMPFILE"),
      ("in", "1 names of files, expected VMCORE DUMPFILE"),
      ("-F in out", "2 names of files, expected VMCORE"),
      ("-d 32 in out", "-d 32: expected levels from 0 to 31"),
      ("-d", "-d: expected a value behind it"),
      ("-d 1,-2 in out", "-d 1,-2: expected levels from 0 to 31"),
      ("-d 99999999999999999999 in out", "-d 99999999999999999999: expected levels from 0 to 31"),
      ("-Q in out", "-Q: no option of makedumpfile"),
      ("--xen in out", "--xen: may be --xen-syms, --xen-vmcoreinfo, --xen_phys_start"),
      ("--split in out", "2 names of files, expected VMCORE DUMPFILE1 DUMPFILE2 ..."),
      ("--split -E in a b", "--split and -E: only files of the compressed format are parts"),
      ("--split -F in a b", "--split and -F: only files of the compressed format are parts"),
      ("--split=2 in out", "--split: takes no value, found '2'"),
      ("--config erase in out", "--config: this program erases no data, and writes nothing that"),
      ("-L 1000 in out", "-L: this program cannot limit the size of its output"),
      ("--message-level 32 in out", "--message-level 32: expected 0 to 31"),
    ])
  func refuses(line: String, expected: String) {
    let error = #expect(throws: CollectorError.self) { try steps(line) }
    #expect(error?.text.hasPrefix(expected) == true, "\(error?.text ?? "")")
  }

  @Test("takes the next of several levels where the dump does not fit")
  func severalLevels() throws {
    let run = try MakedumpfileLanguage.run(["-E", "-d", "11,31", "in", "out"])
    #expect(run.order == .untilOneFits)
    #expect(run.steps.map(\.arguments).map { $0[1] } == ["--dump-level=11", "--dump-level=31"])
    #expect(run.steps.map { $0.arguments.contains("--keep-partial") } == [false, true])
    // A pipe has what it was given.
    #expect(try MakedumpfileLanguage.run(["-F", "-E", "-d", "11,31", "in"]).steps.count == 1)
  }

  @Test("prints vmcoreinfo among the messages where a log is wanted with all of them")
  func log() throws {
    let run = try MakedumpfileLanguage.run(
      ["-F", "--message-level", "8", "--dump-dmesg", "/proc/vmcore"])
    #expect(
      run.steps == [
        .init(
          arguments: ["extract", "vmcoreinfo", "--quiet", "/proc/vmcore"], output: .standardError,
          mayFail: true),
        .init(arguments: ["dmesg", "/proc/vmcore"]),
      ])
    #expect(
      try MakedumpfileLanguage.run(["--dump-dmesg", "in", "log"]).steps == [
        .init(
          arguments: ["dmesg", "in"], inputs: ["in"],
          output: .file(path: "log", mayReplace: false))
      ])
    #expect(
      try steps("--message-level 4 --dump-dmesg in") == ["dmesg --quiet in"])
  }

  @Test("packs with zlib what it has no library for, and says so")
  func otherPacking() throws {
    let run = try MakedumpfileLanguage.run(["-l", "in", "out"], canPack: { $0 == .zlib })
    #expect(run.steps.map(\.arguments).first?.contains("--compression=zlib") == true)
    #expect(run.notices == ["-l: lzo is not installed: the pages are packed with zlib"])
  }

  @Test("checks its parameters and starts nothing")
  func checkParameters() throws {
    #expect(
      try MakedumpfileLanguage.run(["--check-params", "-l", "-d", "31", "vmcore", "x"]).steps == [])
    #expect(throws: CollectorError.self) {
      try MakedumpfileLanguage.run(["--check-params", "-l", "-d", "99", "vmcore", "x"])
    }
  }

  @Test("says once why an option is ignored, and not where messages are not wanted")
  func notices() throws {
    let line = ["-x", "vmlinux", "-x", "vmlinux", "-E", "in", "out"]
    #expect(
      try MakedumpfileLanguage.run(line).notices == [
        "-x: is ignored: all that is needed is read from the memory itself"
      ])
    #expect(try MakedumpfileLanguage.run(["--message-level", "4"] + line).notices == [])
  }

  @Test(
    "is followed where the program is called so",
    arguments: [
      ("makedumpfile", CollectorName.makedumpfile), ("/sbin/makedumpfile", .makedumpfile),
      ("./vmcore-dmesg", .vmcoreDmesg), ("/usr/bin/vmcoregen", nil),
      ("makedumpfile/", .makedumpfile),
      ("", nil),
    ] as [(String, CollectorName?)])
  func name(path: String, name: CollectorName?) {
    #expect(CollectorName(calledAs: path) == name)
  }
}
