import Bytes
import MemoryImages
import Synchronization
import TestSupport
import Testing

/// Numbers near 2⁶³ and 2⁶⁴ in the places that say how much there is, and where.
@Suite("A dump file that claims more than any file has")
struct HostileClaimTests {
  /// One number of a file overwritten, and what is said about it.
  struct Claim: Sendable, CustomTestStringConvertible {
    var field: String
    var place: Int
    var width = 8
    var value: UInt64
    /// A part of the error, or of the warning where the file is opened in part.
    var text: String
    var isRefused = true

    var testDescription: String { "\(field) = \(value.hex)" }
  }

  private static let values: [UInt64] = [1 << 63 - 1, 1 << 63, .max - 4095, .max]

  // MARK: kdump-compressed

  private static let sub = 4096
  private static let kdumpClaims: [Claim] =
    [
      ("offset_vmcoreinfo", 32), ("size_vmcoreinfo", 40), ("offset_note", 48), ("size_note", 56),
    ].flatMap { field, place in
      values.map {
        Claim(
          field: field, place: sub + place, value: $0,
          text: field.hasPrefix("offset") ? "\(field) is \($0.hex)" : "with \($0.hex) bytes")
      }
    }
    + values.map {
      Claim(
        field: "max_mapnr_64", place: sub + 96, value: $0,
        text: "max_mapnr is \($0.hex), expected 1 to")
    }
    + [
      Claim(
        field: "max_mapnr", place: 0x1b8, width: 4, value: 0xffff_ffff,
        text: "max_mapnr is 0xffffffff and max_mapnr_64 0x64, expected the same"),
      Claim(
        field: "bitmap_blocks", place: 0x1b4, width: 4, value: 0xffff_ffff,
        text: "inside its bitmaps [0x2000, 0x100000001000)"),
      Claim(
        field: "sub_hdr_size", place: 0x1b0, width: 4, value: 0xffff_ffff,
        text: "inside its bitmaps [0x100000000000, "),
      Claim(
        field: "block_size", place: 0x1ac, width: 4, value: 0xffff_ffff,
        text: "block_size is 4294967295, expected a page size"),
    ]

  @Test(
    "in a kdump header is refused at once", arguments: kdumpClaims,
    [RecipeOrder.little, .big])
  func kdump(_ claim: Claim, _ order: RecipeOrder) throws {
    try check(claim, in: SmallDumps.kdumpModel(.wide, order).bytes, order, .kdump)
  }

  private static let splitClaims: [Claim] =
    [(2, "start_pfn", 16), (2, "end_pfn", 24), (6, "start_pfn", 80), (6, "end_pfn", 88)]
    .flatMap { version, field, place in
      (values + [101]).map {
        Claim(
          field: "\(version) \(field)", place: sub + place, value: $0,
          text: "\(field) is \($0.hex)")
      }
    }

  @Test("in a kdump file of a split set is refused at once", arguments: splitClaims)
  func split(_ claim: Claim) throws {
    var model = SmallDumps.kdumpModel(
      .wide, .little, version: claim.field.hasPrefix("2") ? 2 : 6)
    model.split = 3..<100
    var claim = claim
    if claim.field.hasSuffix("end_pfn") {
      claim.text = "and " + claim.text.replacing(" is", with: "")
    }
    try check(claim, in: model.bytes, .little, .kdump)
  }

  @Test("about erased data is refused at once, though nothing of that is read")
  func eraseInfo() throws {
    var bytes = SmallDumps.kdumpModel(.wide, .little).bytes
    bytes.replaceSubrange(Self.sub + 64..<Self.sub + 80, with: number(8192) + number(16))
    #expect(try open(bytes, .kdump).warnings.allSatisfy { !$0.isPartial })
    for value in Self.values {
      try check(
        Claim(
          field: "offset_eraseinfo", place: Self.sub + 64, value: value,
          text: "offset_eraseinfo is \(value.hex) with 0x10 bytes"), in: bytes, .little, .kdump)
      try check(
        Claim(
          field: "size_eraseinfo", place: Self.sub + 72, value: value,
          text: "offset_eraseinfo is 0x2000 with \(value.hex) bytes"), in: bytes, .little, .kdump)
    }
  }

  @Test(
    "in a page descriptor: the page is lost, the others are not", arguments: values + [1 << 62],
    [RecipeOrder.little, .big])
  func descriptor(_ value: UInt64, _ order: RecipeOrder) throws {
    let model = SmallDumps.kdumpModel(.wide, order)
    let table = 4 * 4096
    let text = "1 pages are lost, the first at 0x3000: they read as zeros"
    let page: (Int) -> [UInt8] = { model.content(of: $0) }
    for (field, width, value) in [("offset", 8, value), ("size", 4, 0xffff_ffff)] {
      let image = try check(
        Claim(
          field: field, place: table + 24 + (width == 8 ? 0 : 8), width: width, value: value,
          text: text, isRefused: false), in: model.bytes, order, .kdump)
      let memory = try image?.memory.bytes(at: 0x2000, count: 4 * 4096)
      #expect(memory == page(2) + [UInt8](repeating: 0, count: 2 * 4096) + page(5))
    }
  }

  // MARK: ELF

  private static let table = 64
  private static let elfClaims: [Claim] =
    values.flatMap { value in
      [
        Claim(
          field: "p_filesz of the note", place: table + 32, value: value,
          text: "PT_NOTE 0 claims \(value.hex) bytes, expected at most 0x40000000"),
        Claim(
          field: "p_offset of the note", place: table + 8, value: value,
          text: "PT_NOTE 0: the file ends at", isRefused: false),
        Claim(
          field: "p_paddr of a load", place: table + 56 + 24, value: value,
          text: "PT_LOAD 1 is left out: p_paddr \(value.hex)", isRefused: false),
        Claim(
          field: "p_filesz of a load", place: table + 56 + 32, value: value,
          text: "p_memsz \(value.hex) are no range of memory", isRefused: false),
        Claim(
          field: "p_memsz of a load", place: table + 56 + 40, value: value,
          text: "p_memsz \(value.hex) are no range of memory", isRefused: false),
      ]
    }
    + [
      Claim(
        field: "p_offset of a load", place: table + 56 + 8, value: 1 << 63,
        text: "it lacks 0x100 bytes of memory: [0x1000, 0x1100)", isRefused: false),
      Claim(
        field: "p_offset of a load", place: table + 56 + 8, value: .max,
        text: "PT_LOAD 1 is left out", isRefused: false),
    ]

  @Test(
    "in an ELF core's program header is refused at once, or its memory is left out",
    arguments: elfClaims, ["little", "big"])
  func elf(_ claim: Claim, _ order: String) throws {
    let bytes = try #require(SmallDumps.elf.files["64-\(order)"])
    let image = try check(claim, in: bytes, order == "big" ? .big : .little, .elf)
    guard let image else { return }
    #expect(try image.memory.bytes(at: 0x8000, count: 0x80) == SmallDumps.page(2, 0x80))
  }

  @Test("in an ELF core's section header, where the number of program headers stands")
  func extendedCount() throws {
    let bytes = try #require(SmallDumps.elf.files["64-little-extended"])
    let sections = 64 + 4 * 56
    try check(
      Claim(
        field: "sh_info", place: sections + 44, width: 4, value: 0xffff_ffff,
        text: "sh_info says 4294967295 program headers, expected at most 1048576"), in: bytes,
      .little, .elf)
    for value in Self.values {
      try check(
        Claim(
          field: "e_shoff", place: 40, value: value,
          text: "before its section header at \(value.hex) says the number of its program headers: "
            + "65535 are assumed", isRefused: false), in: bytes, .little, .elf)
    }
  }

  // MARK: Flattened

  private static let records: [(offset: Int64, count: Int64)] = [
    (.max, 16), (-1, 16), (.min, 16), (0, -1), (0, .min), (1, .max), (.max, .max), (.min, .min),
    (-1, 0), (.max - 14, 16),
  ]

  @Test("in a flattened record is refused at once, also in a pipe", arguments: records)
  func record(_ offset: Int64, _ count: Int64) throws {
    var model = FlattenedFileModel(
      leavingOutZerosOf: try #require(SmallDumps.elf.files["64-little"]))
    model.hasEnd = false
    let place = model.bytes.count
    let bytes =
      model.bytes + number(UInt64(bitPattern: offset), .big)
      + number(UInt64(bitPattern: count), .big) + [1, 2, 3]
    let text = "record at \(UInt64(place).hex): offset \(offset), size \(count), expected a range"
    for open in [{ try open(bytes, .flattened) }, { try Pipe.open(bytes) }] {
      let error = #expect(throws: ImageError.self) { try open() }
      #expect(error?.kind == .unusable)
      #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
  }

  @Test("in a flattened record that begins a file: what is there is read, the rest is lost")
  func longRecord() throws {
    let core = try #require(SmallDumps.elf.files["64-little"])
    var model = FlattenedFileModel()
    model.hasEnd = false
    let bytes = model.bytes + number(0, .big) + number(UInt64(Int64.max), .big) + core
    let early = (UInt64(Int64.max) - UInt64(core.count)).hex
    for open in [{ try open(bytes, .flattened) }, { try Pipe.open(bytes) }] {
      let image = try open()
      #expect(
        image.warnings.contains {
          $0.isPartial && $0.text.contains("inside its record at 0x1000, \(early) bytes early")
        })
      #expect(try image.memory.bytes(at: 0x8000, count: 0x80) == SmallDumps.page(2, 0x80))
    }
  }

  // MARK: All

  @discardableResult
  private func check(
    _ claim: Claim, in bytes: [UInt8], _ order: RecipeOrder, _ format: ImageFormat
  ) throws -> MemoryImage? {
    var bytes = bytes
    bytes.replaceSubrange(
      claim.place..<claim.place + claim.width, with: order.bytes(claim.value, width: claim.width))
    do throws(ImageError) {
      let image = try open(bytes, format)
      #expect(!claim.isRefused, "it is opened")
      #expect(
        image.warnings.contains { $0.isPartial && $0.text.contains(claim.text) },
        "\(image.warnings.map(\.text))")
      return image
    } catch {
      #expect(claim.isRefused && error.kind == .unusable, "\(error)")
      #expect(
        error.description.hasPrefix("dump: ") && error.description.contains(claim.text), "\(error)")
      return nil
    }
  }

  private func open(
    _ bytes: [UInt8], _ format: ImageFormat
  ) throws(ImageError) -> MemoryImage {
    let source = CountedSource(bytes)
    defer { #expect(source.wanted < CountedSource.limit) }
    return try format.open(ImageInput(source), ImageOptions())
  }

  private func number(_ value: UInt64, _ order: RecipeOrder = .little) -> [UInt8] {
    order.bytes(value, width: 8)
  }
}

/// Bytes that count what is asked of them: no claim may make a reader ask for more than there is.
private final class CountedSource: ByteSource {
  /// Far more than the small files here hold, far less than they claim.
  static let limit = 8 << 20

  let name = "dump"
  private let bytes: [UInt8]
  private let count = Mutex(0)

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  var size: UInt64 { UInt64(bytes.count) }
  /// Bytes of all reads.
  var wanted: Int { count.withLock { $0 } }

  func read(
    at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ReadError) -> Int {
    count.withLock { $0 += buffer.count }
    guard offset < size else { return 0 }
    let part = bytes[Int(offset)...].prefix(buffer.count)
    buffer.copyBytes(from: part)
    return part.count
  }
}
