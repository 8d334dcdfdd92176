import Bytes
import CrashedKernel
import Handover
import MemoryImages
import TestSupport
import Testing

struct VerificationTests {
  /// kexec_load on x86_64: header, boot parameters and backup are in the purgatory's list.
  private static func recipe(_ moment: String, _ more: String = "name-by purgatory 0x2ec000")
    -> String
  {
    """
    arch x86_64
    ram 0x1000-0x5c00
    ram 0x100000-0x400000
    fill 0x1000-0x5c00 random 1
    fill 0x300000-0x304000 counter
    crash 0x200000-0x300000
    cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=0
    cpu 1 running pc=0xffffffff81054321 sp=0xffffc90000103da0 pid=1742
    osrelease 6.1.0-18-amd64
    crashtime 1700000000
    info SYMBOL(swapper_pg_dir)=ffffffff82610000
    info SYMBOL(_stext)=ffffffff81000000
    info SYMBOL(init_uts_ns)=ffffffff80140000
    info NUMBER(phys_base)=0
    system-name 0x140000
    backup 0x1000-0x5c00 at 0x2f0000
    header 0x2ee000
    moment \(moment)
    name-by boot-params 0x2e0000
    \(more)
    """
  }

  private static func row(
    _ name: String, _ verified: VerifiedImage
  ) throws -> Verification.Row {
    try #require(verified.verification.rows.first { $0.name == name })
  }

  @Test("before the second kernel starts the digest matches")
  func matches() throws {
    let verified = try ImageInMemory(Self.recipe("before")).verified()
    let row = try Self.row("purgatory", verified)
    #expect(row.answer == "matches" && row.verdict == .sound)
    #expect(row.detail.contains("list at 0x2ec040"))
    #expect(row.detail.contains("(core header)"))
    #expect(row.detail.contains("(backup)"))
    #expect(verified.verification.isWrong == false)
  }

  @Test("one changed byte in any region of the list is found")
  func flippedByte() throws {
    let memory = try ImageInMemory(Self.recipe("before"))
    var generator = SeededGenerator(seed: 77)
    let regions: [Range<UInt64>] = [0x2e0000..<0x2e2000, 0x2ee000..<0x2ef000, 0x2f0000..<0x2f4000]
    for region in regions {
      for _ in 0..<4 {
        var place = UInt64.random(in: region, using: &generator)
        // A change of the header itself makes it another header: only its padding is changed.
        if region.contains(0x2ee000) {
          place = UInt64.random(in: 0x2eec00..<0x2ef000, using: &generator)
        }
        let verified = try memory.flipping(place).verified()
        let row = try Self.row("purgatory", verified)
        #expect(row.answer != "matches" || region.contains(0x2f0000), "\(place.hex)")
        #expect(!region.contains(0x2f0000) || row.detail.contains("backup"), "\(place.hex)")
      }
    }
  }

  @Test("a difference before the second kernel starts is wrong, and says what it means")
  func differs() throws {
    let verified = try ImageInMemory(Self.recipe("before")).flipping(0x2e1f00).verified()
    let row = try Self.row("purgatory", verified)
    #expect(row.answer == "differs" && row.verdict == .wrong)
    #expect(row.detail.contains("the purgatory would not start it"))
    #expect(verified.verification.isWrong == true)
  }

  @Test("a backup region that the purgatory has filled is no difference")
  func filledBackup() throws {
    let verified = try ImageInMemory(Self.recipe("after")).verified()
    let row = try Self.row("purgatory", verified)
    #expect(row.answer == "matches")
    #expect(row.detail.contains("filled by the purgatory since"))
  }

  @Test("a difference after the second kernel has started is expected")
  func differsAfter() throws {
    let verified = try ImageInMemory(Self.recipe("after")).flipping(0x2e1f00).verified()
    let row = try Self.row("purgatory", verified)
    #expect(row.answer == "differs" && row.verdict == .expected)
    #expect(verified.verification.isWrong == false)
  }

  @Test("a purgatory whose memory was used again is gone, not different")
  func gone() throws {
    let verified = try ImageInMemory(Self.recipe("after", "")).verified()
    let row = try Self.row("purgatory", verified)
    #expect(row.answer == "gone" && row.verdict == .expected)
    #expect(verified.verification.isWrong == false)
  }

  @Test("without a list before the second kernel starts, the purgatory is not found")
  func notFound() throws {
    let verified = try ImageInMemory(Self.recipe("before", "")).verified()
    #expect(try Self.row("purgatory", verified).answer == "not found")
  }

  @Test("kexec_file_load on arm64 has no purgatory to verify")
  func notApplicable() throws {
    let verified = try ImageInMemory(
      """
      arch arm64
      ram 0x100000-0x400000
      crash 0x200000-0x280000
      osrelease 6.12.0
      crashtime 1700001200
      info SYMBOL(_stext)=ffff800080010000
      info SYMBOL(swapper_pg_dir)=ffff800082610000
      cpu 0 running pc=0xffff800081012345 sp=0xffff800080003e48 pid=5
      producer kernel
      header 0x250000
      moment before
      name-by device-tree 0x260000
      """
    ).verified()
    let row = try Self.row("purgatory", verified)
    #expect(row.answer == "not applicable" && row.verdict == .nothing)
  }

  @Test("vmcoreinfo that does not describe the kernel in memory is wrong")
  func otherKernel() throws {
    let memory = try ImageInMemory(Self.recipe("before"))
    #expect(try Self.row("vmcoreinfo", memory.verified()).answer == "agrees")
    let other = memory.writing(Array("6.9".utf8), at: 0x140000 + 130)
    let row = try Self.row("vmcoreinfo", other.verified())
    #expect(row.answer == "differs" && row.verdict == .wrong)
    #expect(row.detail.contains("6.9.0-18-amd64, vmcoreinfo says 6.1.0-18-amd64"))
  }

  @Test("vmcoreinfo whose kernel the image lacks is not wrong")
  func absentKernel() throws {
    let text = Self.recipe("before").replacing(
      "NUMBER(phys_base)=0", with: "NUMBER(phys_base)=1073741824")
    let row = try Self.row("vmcoreinfo", ImageInMemory(text).verified())
    #expect(row.answer == "not applicable" && row.verdict == .nothing)
  }

  @Test("vmcoreinfo agrees with a kernel that has its name anywhere in init_uts_ns")
  func shuffledKernel() throws {
    let text = Self.recipe("before").replacing("system-name 0x140000", with: "system-name 0x140030")
    let row = try Self.row("vmcoreinfo", ImageInMemory(text).verified())
    #expect(row.answer == "agrees" && row.verdict == .sound)
    #expect(row.detail == "init_uts_ns at 0x140000 says 6.1.0-18-amd64")
  }

  @Test("an image without anything of a kernel has nothing to verify")
  func nothing() throws {
    let verified = try ImageInMemory([UInt8](repeating: 7, count: 65_536)).verified()
    #expect(verified.verification.rows.isEmpty)
    #expect(verified.verification.isWrong == nil)
  }

  @Test("--verify refuses a header whose digest differs before it was used")
  func refuses() throws {
    let memory = try ImageInMemory(Self.recipe("before")).flipping(0x2e1f00)
    var options = SearchOptions()
    options.fallback = .refuse
    #expect(try SystemFinder.find(in: memory.image(), options).headerAddress == 0x2ee000)
    options.verifiesDigest = true
    #expect(throws: SearchError.self) { try SystemFinder.find(in: memory.image(), options) }
    let sound = try ImageInMemory(Self.recipe("before"))
    #expect(try SystemFinder.find(in: sound.image(), options).headerAddress == 0x2ee000)
    options.fallback = .automatic
    #expect(try SystemFinder.find(in: memory.image(), options).headerAddress == nil)
  }
}
