import TestSupport
import Testing
import VMCore

@Suite("The memory of an s390x machine as a stand-alone dump")
struct S390OutputTests {
  typealias Crash = KdumpOutputTests.Crash

  static let machines = [
    "s390x-before", "s390x-after", "s390x-boot-cpu", "s390x-6.12", "s390x-novx",
    "s390x-offline-cpu-prefix", "s390x-cpu-without-prefix", "s390x-running",
  ].filter(RecipeFiles.names.contains)

  private static let order = RecipeOrder.big

  private func written(_ crash: Crash, as format: OutputOptions.Format = .s390Dump) throws
    -> [UInt8]
  {
    var output = OutputOptions()
    output.format = format
    return try crash.written(output)
  }

  @Test("is what raw output has, between a header and the end mark", arguments: machines)
  func content(_ name: String) throws {
    let crash = try Crash(name)
    let raw = try written(crash, as: .raw)
    let file = try written(crash)
    let order = Self.order
    #expect(order.value(in: file, at: 0, width: 8) == 0xa819_0173_618f_23fd)
    #expect(order.value(in: file, at: 0x18, width: 8) == UInt64(raw.count))
    #expect(order.value(in: file, at: 0x28, width: 8) == UInt64(raw.count - 1))
    #expect(order.value(in: file, at: 0x30, width: 4) == UInt64(raw.count / 4096))
    #expect(difference(Array(file[4096..<4096 + raw.count]), raw) == nil)
    let clock = order.value(in: file, at: 0x38, width: 8)
    // The time of the crash in microseconds, counted from 1900 on by bit 51.
    let time = crash.dump.report.system.crashTime.map { UInt64($0) } ?? 0
    #expect(clock == (time == 0 ? 0 : (time * 1_000_000 + 2_208_988_800_000_000) << 12))
    #expect(file.suffix(16) == ArraySlice(Array("DUMP_END".utf8) + order.bytes(clock, width: 8)))
    #expect(file.count == 4096 + raw.count + 16)
  }

  @Test("gives the same vmcore again", arguments: machines)
  func again(_ name: String) throws {
    let crash = try Crash(name)
    _ = try written(crash)
    let again = try CrashDump(imageAt: crash.folder.path("out"))
    #expect(again.report.image.format == "s390")
    #expect(difference(try again.allBytes(), crash.elf) == nil)
  }

  @Test("lists the lowcores of CPUs with registers, those of a dump that is converted, too")
  func lowcores() throws {
    func lowcores(_ file: [UInt8]) -> [UInt64] {
      let count = Int(Self.order.value(in: file, at: 0x5d, width: 2))
      return (0..<count).map { Self.order.value(in: file, at: 0x800 + 4 * $0, width: 4) }
    }
    let crash = try Crash("s390x-boot-cpu")
    let file = try written(crash)
    let found = lowcores(file)
    // Of three CPUs one was offline; the crashed one is first.
    #expect(found.count == 2)
    let prefix = Self.order.value(in: file, at: 4096 + 0x1318, width: 4)
    #expect(found.first == prefix)
    for lowcore in found {
      #expect(Self.order.value(in: file, at: 4096 + Int(lowcore) + 0x1318, width: 4) == lowcore)
    }
    let path = try crash.folder.file(crash.elf, named: "elf")
    var output = OutputOptions()
    output.format = .s390Dump
    try CrashDump(imageAt: path).write(toFileAt: crash.folder.path("of-elf"), as: output)
    let converted = try crash.folder.bytes(of: "of-elf")
    #expect(lowcores(converted) == found)
    #expect(difference(Array(converted[4096...]), Array(file[4096...])) == nil)
  }

  @Test("has the registers of the notes in the lowcores, where others are saved")
  func registers() throws {
    let crash = try Crash("s390x-boot-cpu")
    let whole = try written(crash)
    let lowcore = Int(Self.order.value(in: whole, at: 0x800, width: 4))
    let damage = "damage 0x\(String(lowcore + 0x1280, radix: 16)) 0102030405060708"
    let other = try Crash("s390x-boot-cpu", adding: damage)
    #expect(try difference(written(other), whole) == nil)
    #expect(try written(other, as: .raw) != written(crash, as: .raw))
  }

  @Test("is refused for another machine, whose registers have no place in it")
  func otherMachine() throws {
    let crash = try Crash("readme")
    let error = #expect(throws: VMCoreError.self) { try written(crash) }
    #expect(error?.kind == .unusable)
    #expect(error?.description.contains("one of s390x machines") == true)
  }
}
