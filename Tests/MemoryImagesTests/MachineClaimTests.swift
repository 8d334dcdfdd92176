import Bytes
import MemoryImages
import TestSupport
import Testing

/// Numbers that no machine can have, in the formats of machines and of their firmware.
@Suite("Claims of dumps of machines that cannot be")
struct MachineClaimTests {
  private func open(_ bytes: [UInt8], _ format: ImageFormat) throws(ImageError) -> MemoryImage {
    try format.open(
      ImageInput(ByteArraySource(bytes, name: "dump")), ImageOptions(machines: []))
  }

  private func refusal(_ bytes: [UInt8], _ format: ImageFormat) -> String {
    do throws(ImageError) {
      _ = try open(bytes, format)
      return "opened"
    } catch {
      return error.description
    }
  }

  /// The bytes with those behind a text replaced.
  private func bytes(
    _ bytes: [UInt8], behind text: String, at offset: Int = 0, being content: [UInt8]
  ) throws -> [UInt8] {
    var bytes = bytes
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: Array(text.utf8)) })
    let start = place + text.utf8.count + offset
    bytes.replaceSubrange(start..<start + content.count, with: content)
    return bytes
  }

  private let largest = [UInt8](repeating: 0xff, count: 8)

  @Test("A region of VMware that is none is left out; an index that nothing has is refused")
  func vmware() throws {
    let state = try #require(SmallDumps.vmware.files["new"])
    let image = try open(
      bytes(state, behind: "regionPPN", at: 4, being: [0xff, 0xff, 0xff, 0xff]), .vmware)
    #expect(
      image.memory.regions.map(\.range)
        == [0x8000..<0x9000, 0xfff_ffff_f000..<0x1000_0000_1000])
    #expect(
      refusal(try bytes(state, behind: "regionSize", being: Array(largest[..<4])), .vmware)
        .contains("expected at most 65536 regions"))
    let zero = try open(bytes(state, behind: "regionSize", at: 4, being: [0, 0, 0, 0]), .vmware)
    #expect(zero.warnings.contains { $0.isPartial && $0.text.hasPrefix("region 0 is left out") })
    #expect(
      refusal([0xd2, 0xbe, 0xd2, 0xbe, 1, 0, 0, 0] + largest[..<4], .vmware)
        .contains("ends inside its groups"))
  }

  @Test("A migration stream whose blocks are larger than their sum is refused")
  func migration() throws {
    let stream = SmallDumps.migration(.plain).bytes
    #expect(
      refusal(try bytes(stream, behind: "vga.vram", being: largest), .savevm)
        .contains("expected at most"))
    #expect(
      refusal(try bytes(stream, behind: "pc.ram", being: [UInt8](repeating: 0, count: 8)), .savevm)
        .contains("has 0x0 bytes"))
    let mapped = SmallDumps.migration(.mapped).bytes
    #expect(
      refusal(try bytes(mapped, behind: "pc.ram", at: 8 + 20, being: largest), .savevm)
        .contains("its mapped-ram header"))
    // A bitmap that is nowhere tells of no page.
    let empty = try open(bytes(mapped, behind: "pc.ram", at: 8 + 12, being: largest), .savevm)
    #expect(try empty.memory.bytes(at: 0x1000, count: 4096) == [UInt8](repeating: 0, count: 4096))
  }

  @Test("A packed page that is longer than any, and pages that no target has, end the stream")
  func packedPage() throws {
    let stream = SmallDumps.migration(.packed).bytes
    // The first record of the RAM, behind its name.
    let length = try #require(
      stream.indices.last { stream[$0...].starts(with: [6] + Array("pc.ram".utf8)) })
    var long = stream
    long.replaceSubrange(length + 7..<length + 11, with: [0, 0, 0x20, 1])
    long += [UInt8](repeating: 0, count: 0x4000)
    let text = refusal(long, .savevm)
    #expect(text.contains("a page packed into 8193 bytes, expected at most 8192"), "\(text)")
    var model = MigrationModel(
      machine: "virt-7.2", [.init("mach-virt.ram", [UInt8](repeating: 1, count: 1 << 17))])
    model.pageSize = 1 << 17
    #expect(refusal(model.bytes, .savevm).contains("pages of 2^17 bytes"))
  }

  @Test("Differences that do not fit a page cost that page")
  func deltas() throws {
    let stream = SmallDumps.migration(.deltas)
    // The runs of the second pass: 0 equal bytes, 2 changed ones. The first page is of a device,
    // and the one behind it is sent once more.
    var broken = stream.bytes
    let runs = broken.indices.filter { broken[$0...].starts(with: [1, 0, 15, 0, 2]) }
    try #require(runs.count == 5)
    broken[runs[2] + 4] = 0x7f
    let image = try open(broken, .savevm)
    #expect(try image.memory.bytes(at: 0x1000, count: 4096) == [UInt8](repeating: 0, count: 4096))
    #expect(try image.memory.bytes(at: 0x2000, count: 4096) == SmallDumps.page(2))
    #expect(image.damage?.finding?.text == "dump: 1 page is damaged, at 0x1000: it reads as zeros")
  }

  @Test("An s390 dump with a size that nothing has, or segments that are none, is refused")
  func s390() throws {
    var plain = try #require(SmallDumps.s390.files["plain"])
    plain.replaceSubrange(0x18..<0x20, with: largest)
    #expect(refusal(plain, .s390).contains("mem_size is 0xffffffffffffffff"))
    var extended = try #require(SmallDumps.s390.files["extended"])
    extended.replaceSubrange(4096 + 8..<4096 + 16, with: largest)
    #expect(refusal(extended, .s390Extended).contains("no segment of memory"))
    var packed = try #require(SmallDumps.s390.files["packed"])
    packed.replaceSubrange(0x62..<0x66, with: [0xff, 0xff, 0xff, 0xff])
    #expect(refusal(packed, .s390Extended).contains("zlib_entry_size is 4294967295"))
    plain = try #require(SmallDumps.s390.files["plain"])
    plain.replaceSubrange(0xc..<0x10, with: [0, 0, 0, 0x10])
    #expect(refusal(plain, .s390).contains("hdr_size is 16, expected 4096"))
  }

  @Test("LKCD pages at addresses that nothing has end the dump; sizes are limited")
  func lkcd() throws {
    var dump = try #require(SmallDumps.lkcd.files["10-none"])
    // The second page.
    dump.replaceSubrange(0x2000 + 4112..<0x2000 + 4120, with: largest)
    let image = try open(dump, .lkcd)
    #expect(image.memory.regions.map(\.range) == [0x1000..<0x2000])
    #expect(image.warnings.contains { $0.isPartial && $0.text.contains("is none of a page") })
    dump.replaceSubrange(0x14..<0x18, with: [0xff, 0xff, 0xff, 0xff])
    #expect(refusal(dump, .lkcd).contains("pages of 4294967295 bytes"))
  }

  @Test("LKCD that ends inside a page says so")
  func lkcdCut() throws {
    let dump = try #require(SmallDumps.lkcd.files["10-none"])
    let image = try open(Array(dump[..<(0x2000 + 4112 + 16 + 100)]), .lkcd)
    #expect(image.warnings.map(\.isPartial) == [true])
    let text = image.warnings[0].text
    #expect(text.hasPrefix("the LKCD dump ends at 0x3084, inside the record at 0x3010 (address "))
    #expect(!text.contains("is none of a page"))
  }

  @Test("A sadump header with more frames than its bitmaps have bits is refused")
  func sadump() throws {
    var dump = try #require(SmallDumps.sadump.files["single"])
    dump.replaceSubrange(4096 + 0x58..<4096 + 0x60, with: largest)
    #expect(refusal(dump, .sadump).contains("do not fit its bitmaps"))
    dump = try #require(SmallDumps.sadump.files["single"])
    dump.replaceSubrange(4096 + 0x30..<4096 + 0x34, with: largest[..<4])
    #expect(refusal(dump, .sadump).contains("inside its bitmap"))
  }

  @Test("A table of Xen whose frames nothing has names none")
  func xen() throws {
    var core = try #require(SmallDumps.xen.files["ordered-false"])
    core.replaceSubrange(core.count - 32..<core.count, with: [UInt8](repeating: 0xfe, count: 32))
    #expect(refusal(core, .xen).contains("names no frames"))
  }
}
