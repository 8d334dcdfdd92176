import Foundation
import TestConditions
import TestSupport
import Testing

/// The kernel's own vmcore is the judge of the ELF file (`RealCrashTests`); here the ELF file is
/// the judge of everything else, and programs of others read it.
@Suite("Every output of real crashes", .enabled(if: RealCase.isAvailable, "\(RealCase.absence)"))
struct RealOutputTests {
  static let names = RealCase.all.map(\.name)
  /// Debian's libkdumpfile, through which drgn reads such a file too, knows no riscv64.
  static let judged = RealCase.all.filter { $0.machine != "riscv64" }.map(\.name)
  static let s390x = RealCase.all.filter { $0.machine == "s390x" }.map(\.name)
  static let x86 = RealCase.all.filter { $0.machine == "x86_64" }.map(\.name)

  @Test("is tested with every case that there is")
  func areAll() {
    #expect(RealCase.all.count == RealCase.listed.count)
    #expect(Self.names.count >= 15)
    #expect(Self.x86.count >= 5)
  }

  @Test(
    "-z holds every page, name and line of vmcoreinfo of the ELF file, as libkdumpfile reads it",
    arguments: judged)
  func kdump(_ name: String) throws {
    try RealOutput(name).judge("by_libkdumpfile", needs: "kdumpfile", "v.kdump")
  }

  @Test(
    "packed with lzo, snappy, zstd or not at all holds every page, as libkdumpfile reads it",
    arguments: x86)
  func compressions(_ name: String) throws {
    let output = try RealOutput(name, hasKdump: false)
    for form in ["lzo", "snappy", "zstd", "none"] {
      try output.succeed("vmcoregen -q --compression=\(form) -o v.\(form) $image")
      try output.judge("by_libkdumpfile", needs: "kdumpfile", "v.\(form)")
      try output.succeed("crash --osrelease v.\(form) && rm v.\(form)")
    }
  }

  @Test("What makedumpfile packs with lzo is what it packs with zlib", arguments: x86)
  func lzo(_ name: String) throws {
    guard OutsideTool("makedumpfile") != nil else {
      return try OutsideTool.absent("makedumpfile")
    }
    let output = try RealOutput(name, hasKdump: false)
    try output.succeed("makedumpfile -c -d 31 v.elf c && vmcoregen -q -o expected c")
    for (option, more) in [
      ("-l", ""), ("-l -F", " | gzip -1"), ("-c -F", " | xz -0"), ("-l -F", ""),
    ] {
      let target = option.hasSuffix("F") ? "\(more) > p" : "p"
      try output.succeed("rm -f p && makedumpfile \(option) -d 31 v.elf \(target)")
      try output.succeed("vmcoregen -q -o found p && cmp found expected && rm found")
    }
    try output.succeed("makedumpfile -l -d 31 --split v.elf a b")
    // With --split makedumpfile drops a page of which a load holds a part: the loads end elsewhere.
    try output.succeed("vmcoregen -q -o found --part b a && rm found")
  }

  @Test("The image in packed files gives the same vmcore", arguments: x86)
  func packed(_ name: String) throws {
    let output = try RealOutput(name, hasKdump: false)
    for command in ["gzip", "zstd", "lz4"] {
      guard OutsideTool(command) != nil else { return try OutsideTool.absent(command) }
      try output.succeed("\(command) -1 -c $image > p && vmcoregen -q p | cmp - v.elf")
    }
  }

  @Test("-z is opened by drgn, which finds the kernel's name in it", arguments: judged)
  func drgn(_ name: String) throws {
    try RealOutput(name).judge("by_drgn", needs: "drgn", "v.kdump")
  }

  @Test("of the flattened forms makedumpfile -R makes the files themselves", arguments: names)
  func flattened(_ name: String) throws {
    guard OutsideTool("makedumpfile") != nil else {
      return try OutsideTool.absent("makedumpfile")
    }
    let output = try RealOutput(name)
    for (form, file) in [
      ("--flatten $image", "v.elf"), ("-z --flatten $image", "v.kdump"),
      ("-z $image | cat", "v.kdump"),
    ] {
      try output.succeed("vmcoregen -q \(form) | makedumpfile -R r && cmp r \(file) && rm r")
    }
  }

  @Test(
    "as a stand-alone dump of s390x it gives the same vmcore, and libkdumpfile the raw memory",
    arguments: s390x)
  func standalone(_ name: String) throws {
    let output = try RealOutput(name, hasKdump: false)
    try output.succeed("vmcoregen -q --format=raw -o raw $image")
    try output.succeed("vmcoregen -q --format=s390 -o v.s390 $image")
    try output.succeed("vmcoregen -q v.s390 | cmp - v.elf")
    guard let python = try OutsideTool.python(with: "kdumpfile") else {
      return try OutsideTool.absent("the module kdumpfile of Python")
    }
    let judge = "\(Checkout.root)/testdata/judges/memory_by_libkdumpfile.py"
    try output.succeed("\(python.path) -B '\(judge)' raw v.s390 s390dump s390x")
  }

  @Test("--gzip is a gzip file of the ELF file", arguments: names)
  func gzip(_ name: String) throws {
    try RealOutput(name, hasKdump: false).succeed(
      "vmcoregen -q --gzip -o v.gz $image && gzip -t v.gz && zcat v.gz | cmp - v.elf")
  }

  @Test("read back, each form of the ELF file gives the same bytes", arguments: names)
  func readBackELF(_ name: String) throws {
    let output = try RealOutput(name)
    try output.succeed("vmcoregen -q --flatten $image > flat")
    for form in ["v.elf", "flat", "- < flat"] {
      try output.succeed("vmcoregen -q \(form) | cmp - v.elf")
    }
    try expectNotes(of: ["v.elf", "flat"], output)
    // Where no CPU saved registers, an ELF file does not tell how many there are.
    if name != "s390x-alive" {
      try output.succeed("vmcoregen -q -z -o again v.elf && cmp again v.kdump")
    }
  }

  @Test("read back, each form of the kdump file gives the same memory and notes", arguments: names)
  func readBackKdump(_ name: String) throws {
    let output = try RealOutput(name)
    try output.succeed("vmcoregen -q -z --flatten $image > flat")
    for form in ["v.kdump", "flat"] {
      try output.succeed("vmcoregen -q -z -o again \(form) && cmp again v.kdump && rm again")
    }
    try expectNotes(of: ["v.kdump", "flat"], output)
    try output.succeed("vmcoregen -q -o again v.kdump && vmcoregen -q flat | cmp - again")
  }

  @Test(
    "a kdump file read back has the virtual addresses of the ELF file, by which gdb and drgn read")
  func virtualAddresses() throws {
    let output = try RealOutput("x86_64-kexec_file_load")
    try output.succeed("vmcoregen -q -o again v.kdump && cmp again v.elf")
    let kernel = try #require(output.real.kernel)
    try output.succeed("vmcoregen extract vmcoreinfo again > info")
    let place = "0x$(sed -n 's/^SYMBOL(init_uts_ns)=//p' info)"
    let name = "\(place)+$(sed -n 's/^OFFSET(uts_namespace.name)=//p' info)+130"
    if OutsideTool("gdb") != nil {
      try output.succeed(
        "gdb -nx -batch -ex 'core-file again' -ex \"x/s \(name)\" | grep -q '\"\(kernel)\"'")
    } else {
      try OutsideTool.absent("gdb")
    }
    if OutsideTool("drgn") != nil {
      try output.succeed(
        "echo \"print(prog.read(\(name), 64))\" > d && drgn -q -c again d | grep -q '\(kernel)'")
    } else {
      try OutsideTool.absent("drgn")
    }
  }

  private func expectNotes(of forms: [String], _ output: RealOutput) throws {
    for part in ["notes", "vmcoreinfo"] {
      try output.succeed("vmcoregen extract \(part) $image > part && test -s part")
      for form in forms { try output.succeed("vmcoregen extract \(part) \(form) | cmp - part") }
    }
  }

  /// crash for x86_64 knows the release of no other machine, not even in the kernel's own file; in
  /// a kdump-compressed file it knows that of riscv64.
  @Test("crash says the release of the kdump file as of the ELF file", arguments: names)
  func crash(_ name: String) throws {
    guard OutsideTool("crash") != nil else { return try OutsideTool.absent("crash") }
    let output = try RealOutput(name)
    let answers = try ["v.elf", "v.kdump"].map { try output.run("crash --osrelease \($0)") }
    let releases = answers.map { $0.text.split(separator: "\n").last ?? "" }
    if ["x86_64", "riscv64"].contains(output.real.machine) {
      #expect(answers[1].text == "\(try #require(output.real.kernel))\n")
    }
    if output.real.machine != "riscv64" {
      #expect(releases[0] == releases[1])
      #expect(answers[0].status == answers[1].status)
    }
  }

  /// makedumpfile for x86_64 refuses other machines, an ELF file and a kdump file of them alike.
  @Test("makedumpfile --dump-dmesg reads both files alike", arguments: names)
  func messages(_ name: String) throws {
    guard OutsideTool("makedumpfile") != nil else {
      return try OutsideTool.absent("makedumpfile")
    }
    let output = try RealOutput(name)
    for form in ["elf", "kdump"] {
      let finished = try output.run("makedumpfile --dump-dmesg v.\(form) log.\(form)")
      #expect((finished.status == 0) == (output.real.machine == "x86_64"), "\(form)")
    }
    if output.real.machine == "x86_64" {
      let kernel = try #require(output.real.kernel)
      try output.succeed("cmp log.elf log.kdump && grep -q 'Linux version \(kernel) ' log.kdump")
    } else {
      #expect(!output.scratch.names.contains { $0.hasPrefix("log.") })
    }
  }

  @Test(
    "makedumpfile -c -d 31 through exec gives what it gives of the stored ELF file",
    arguments: x86)
  func exec(_ name: String) throws {
    guard OutsideTool("makedumpfile") != nil else {
      return try OutsideTool.absent("makedumpfile")
    }
    let output = try RealOutput(name, hasKdump: false)
    try output.succeed("makedumpfile -c -d 31 v.elf a && rm v.elf")
    try output.succeed("vmcoregen exec -q $image -- makedumpfile -c -d 31 {} b && cmp a b")
  }
}
