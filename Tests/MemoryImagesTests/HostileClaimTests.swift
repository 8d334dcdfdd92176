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
    /// Its C name.
    var field: String
    var width = 8
    var value: UInt64
    /// A part of the error, or of the warning where the file is opened in part.
    var text: String
    var isRefused = true

    var testDescription: String { "\(field) = \(value.hex)" }
  }

  private static let values: [UInt64] = [1 << 63 - 1, 1 << 63, .max - 4095, .max]

  // MARK: kdump-compressed

  private static let kdumpClaims: [Claim] =
    ["offset_vmcoreinfo", "size_vmcoreinfo", "offset_note", "size_note"].flatMap { field in
      values.map {
        Claim(
          field: field, value: $0,
          text: field.hasPrefix("offset") ? "\(field) is \($0.hex)" : "with \($0.hex) bytes")
      }
    }
    + values.map {
      Claim(field: "max_mapnr_64", value: $0, text: "max_mapnr is \($0.hex), expected 1 to")
    }
    + [
      Claim(
        field: "max_mapnr", width: 4, value: 0xffff_ffff,
        text: "max_mapnr is 0xffffffff and max_mapnr_64 0x64, expected the same"),
      Claim(
        field: "bitmap_blocks", width: 4, value: 0xffff_ffff,
        text: "inside its bitmaps [0x2000, 0x100000001000)"),
      Claim(
        field: "sub_hdr_size", width: 4, value: 0xffff_ffff,
        text: "inside its bitmaps [0x100000000000, "),
      Claim(
        field: "block_size", width: 4, value: 0xffff_ffff,
        text: "block_size is 4294967295, expected a page size"),
    ]

  @Test(
    "in a kdump header is refused at once", arguments: kdumpClaims,
    [RecipeOrder.little, .big])
  func kdump(_ claim: Claim, _ order: RecipeOrder) throws {
    let model = SmallDumps.kdumpModel(.wide, order)
    try check(claim, at: model.offset(of: claim.field), in: model.bytes, order, .kdump)
  }

  @Test(
    "in a kdump file of a split set is refused at once",
    arguments: [(2, "start_pfn"), (2, "end_pfn"), (6, "start_pfn_64"), (6, "end_pfn_64")],
    values + [101])
  func split(_ place: (version: UInt64, field: String), _ value: UInt64) throws {
    var model = SmallDumps.kdumpModel(.wide, .little, version: place.version)
    model.split = 3..<100
    let text =
      place.field.hasPrefix("end") ? "and end_pfn \(value.hex)" : "start_pfn is \(value.hex)"
    try check(
      Claim(field: place.field, value: value, text: text), at: model.offset(of: place.field),
      in: model.bytes, .little, .kdump)
  }

  @Test("about erased data is refused at once, though nothing of that is read")
  func eraseInfo() throws {
    let model = SmallDumps.kdumpModel(.wide, .little)
    let offset = try #require(model.offset(of: "offset_eraseinfo"))
    let size = try #require(model.offset(of: "size_eraseinfo"))
    var bytes = model.bytes
    bytes.replaceSubrange(offset..<size + 8, with: number(8192) + number(16))
    #expect(try open(bytes, .kdump).warnings.allSatisfy { !$0.isPartial })
    for value in Self.values {
      try check(
        Claim(
          field: "offset_eraseinfo", value: value,
          text: "offset_eraseinfo is \(value.hex) with 0x10 bytes"), at: offset, in: bytes, .little,
        .kdump)
      try check(
        Claim(
          field: "size_eraseinfo", value: value,
          text: "offset_eraseinfo is 0x2000 with \(value.hex) bytes"), at: size, in: bytes, .little,
        .kdump)
    }
  }

  @Test(
    "in a page descriptor: the page is lost, the others are not", arguments: values + [1 << 62],
    [RecipeOrder.little, .big])
  func descriptor(_ value: UInt64, _ order: RecipeOrder) throws {
    let model = SmallDumps.kdumpModel(.wide, order)
    let text = "1 page is lost, at 0x3000: it reads as zeros"
    let page: (Int) -> [UInt8] = { model.content(of: $0) }
    for (field, width, value) in [("offset", 8, value), ("size", 4, 0xffff_ffff)] {
      let image = try check(
        Claim(field: field, width: width, value: value, text: text, isRefused: false),
        at: model.offset(of: field, ofPage: 1), in: model.bytes, order, .kdump)
      let memory = try image?.memory.bytes(at: 0x2000, count: 4 * 4096)
      #expect(memory == page(2) + [UInt8](repeating: 0, count: 2 * 4096) + page(5))
    }
  }

  // MARK: ELF

  /// Of the first program header, a note.
  private static let noteClaims: [Claim] = values.flatMap { value in
    [
      Claim(
        field: "p_filesz", value: value,
        text: "PT_NOTE 0 claims \(value.hex) bytes, expected at most 0x40000000"),
      Claim(
        field: "p_offset", value: value, text: "PT_NOTE 0: the file ends at", isRefused: false),
    ]
  }

  /// Of the second program header, a load.
  private static let loadClaims: [Claim] =
    values.flatMap { value in
      [
        Claim(
          field: "p_paddr", value: value, text: "PT_LOAD 1 is left out: p_paddr \(value.hex)",
          isRefused: false),
        Claim(
          field: "p_filesz", value: value,
          text: "p_memsz \(value.hex) are no range of memory", isRefused: false),
        Claim(
          field: "p_memsz", value: value,
          text: "p_memsz \(value.hex) are no range of memory", isRefused: false),
      ]
    }
    + [
      Claim(
        field: "p_offset", value: 1 << 63,
        text: "it lacks 0x100 bytes of memory: [0x1000, 0x1100)", isRefused: false),
      Claim(field: "p_offset", value: .max, text: "PT_LOAD 1 is left out", isRefused: false),
    ]

  @Test(
    "in an ELF core's program header is refused at once, or its memory is left out",
    arguments: noteClaims.map { (0, $0) } + loadClaims.map { (1, $0) }, [RecipeOrder.little, .big])
  func elf(_ place: (segment: Int, claim: Claim), _ order: RecipeOrder) throws {
    let model = SmallDumps.elfModel(64, order)
    let offset = model.offset(of: place.claim.field, ofSegment: place.segment)
    let image = try check(place.claim, at: offset, in: model.bytes, order, .elf)
    guard let image else { return }
    #expect(try image.memory.bytes(at: 0x8000, count: 0x80) == SmallDumps.page(2, 0x80))
  }

  @Test("in an ELF core's section header, where the number of program headers stands")
  func extendedCount() throws {
    var model = SmallDumps.elfModel(64, .little)
    model.hasExtendedCount = true
    try check(
      Claim(
        field: "sh_info", width: 4, value: 0xffff_ffff,
        text: "sh_info says 4294967295 program headers, expected at most 1048576"),
      at: model.offset(of: "sh_info"), in: model.bytes, .little, .elf)
    for value in Self.values {
      try check(
        Claim(
          field: "e_shoff", value: value,
          text: "before its section header at \(value.hex) says the number of its program headers: "
            + "65535 are assumed", isRefused: false), at: model.offset(of: "e_shoff"),
        in: model.bytes, .little, .elf)
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
    _ claim: Claim, at place: Int?, in bytes: [UInt8], _ order: RecipeOrder, _ format: ImageFormat
  ) throws -> MemoryImage? {
    let place = try #require(place, "the model has no field \(claim.field)")
    var bytes = bytes
    bytes.replaceSubrange(
      place..<place + claim.width, with: order.bytes(claim.value, width: claim.width))
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
    return try format.open(ImageInput(source), ImageOptions(machines: []))
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
