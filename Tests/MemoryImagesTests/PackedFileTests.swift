import Bytes
import Glibc
import MemoryImages
import TestConditions
import TestSupport
import Testing

@Suite("An image in a packed file")
struct PackedFileTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  /// Memory with text, noise and zeros, 2.5 MiB of it.
  private static let content: [UInt8] = {
    var generator = SeededGenerator(seed: 11)
    let noise = (0..<50_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    let text = Array(String(repeating: "a page of the crashed kernel ", count: 4000).utf8)
    let zeros = [UInt8](repeating: 0, count: 1_400_000)
    return noise + text + noise + zeros + text + noise + text + noise + text + noise
      + [UInt8](repeating: 7, count: 300_000) + noise
  }()

  private func open(_ bytes: [UInt8]) throws(ImageError) -> MemoryImage {
    try ImageFormat.open(
      path: directory.fileOrEmpty(bytes), options: ImageOptions(machines: []))
  }

  private func expectContent(_ image: MemoryImage, _ content: [UInt8] = content) throws {
    let whole = try image.memory.bytes(at: 0, count: content.count)
    #expect(image.memory.end == UInt64(content.count))
    #expect(difference(whole ?? [], content) == nil)
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<30 {
      let place = Int.random(in: 0..<content.count - 5000, using: &generator)
      let found = try image.memory.bytes(at: UInt64(place), count: 5000)
      #expect(found == Array(content[place..<place + 5000]))
    }
  }

  private static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    PackedFileModel.deflated(bytes, isGzip: true)
  }

  @Test("is the image: gzip and zlib, in one stream or in many")
  func deflated() throws {
    let members = stride(from: 0, to: Self.content.count, by: 300_000).flatMap {
      Self.gzip(Array(Self.content[$0..<min($0 + 300_000, Self.content.count)]))
    }
    for (packed, name) in [
      (Self.gzip(Self.content), "gzip raw"), (members, "gzip raw"),
      (members + [UInt8](repeating: 0, count: 5000), "gzip raw"),
      (PackedFileModel.deflated(Self.content, isGzip: false), "zlib raw"),
      (PackedFileModel.deflated(Self.content, isGzip: false, windowBits: 11), "zlib raw"),
      (PackedFileModel.deflated(Self.content, isGzip: true, level: 0), "gzip raw"),
    ] {
      let image = try open(packed)
      #expect(image.format == name)
      #expect(image.warnings.isEmpty && image.notices.isEmpty)
      #expect(image.layoutIsOpen)
      try expectContent(image)
    }
  }

  @Test("has the zeros of a gzip file as holes")
  func holes() throws {
    let zeros = [UInt8](repeating: 0, count: 40 << 20)
    let image = try open(Self.gzip(Sample.head + zeros + Sample.head))
    let source = try #require(image.memory.regions.first?.source)
    let hole = source.extent(at: 20 << 20)
    #expect(hole.isHole && hole.end > 30 << 20)
    #expect(!source.extent(at: 0).isHole)
    #expect(try image.memory.bytes(at: 40 << 20, count: 4096)?.count == 4096)
  }

  @Test("is the image: what other commands pack", arguments: ["bzip2", "xz", "zstd", "lz4"])
  func others(_ form: String) throws {
    let command = try #require(PackedFileModel.commands[form])
    guard let packed = try PackedFileModel.packed(Self.content, by: command) else {
      return try OutsideTool.absent(command[0])
    }
    let image = try open(packed)
    #expect(image.format == "\(form) raw")
    #expect(image.notices.count == 1)
    #expect(image.notices.first?.contains("unpacked by \(form), are kept in a file") == true)
    try expectContent(image)
    let twice = try open(packed + packed)
    try expectContent(twice, Self.content + Self.content)
    let nested = try open(Self.gzip(packed))
    #expect(nested.format == "gzip \(form) raw")
    try expectContent(nested)
  }

  @Test(
    "in parts that can be unpacked alone is the image", arguments: PackedFileModel.Parts.allCases)
  func parts(_ kind: PackedFileModel.Parts) throws {
    guard let packed = try PackedFileModel.packed(Self.content, in: kind) else {
      return try OutsideTool.absent(kind.form)
    }
    let image = try open(packed.joined)
    #expect(image.format == "\(kind.form) raw")
    #expect(image.notices.contains { $0.contains("in \(packed.count) parts of \(kind.form)") })
    try expectContent(image)
    #expect(image.damage?.count == 0)
  }

  @Test(
    "in parts of which one is damaged has zeros there, and says so when that part is read",
    arguments: PackedFileModel.Parts.allCases)
  func damagedPart(_ kind: PackedFileModel.Parts) throws {
    guard var packed = try PackedFileModel.packed(Self.content, in: kind) else {
      return try OutsideTool.absent(kind.form)
    }
    let size = PackedFileModel.partSize
    packed[6][packed[6].count / 2] ^= 0x55
    packed[6][packed[6].count / 2 + 1] ^= 0x55
    let image = try open(packed.joined)
    let before = try image.memory.bytes(at: UInt64(5 * size), count: size)
    #expect(before == Array(Self.content[5 * size..<6 * size]))
    let behind = try image.memory.bytes(at: UInt64(7 * size), count: size)
    #expect(behind == Array(Self.content[7 * size..<8 * size]))
    #expect(image.damage?.count == 0)
    let lost = try image.memory.bytes(at: UInt64(6 * size), count: size)
    #expect(lost == [UInt8](repeating: 0, count: size))
    #expect((image.damage?.count ?? 0) >= UInt64(size / 4096))
    #expect(image.damage?.finding?.isPartial == true)
  }

  @Test(
    "in parts has a hole where one is nothing but zeros", arguments: PackedFileModel.Parts.allCases)
  func zeroPart(_ kind: PackedFileModel.Parts) throws {
    let size = PackedFileModel.partSize
    var content = Self.content
    content.replaceSubrange(2 * size..<4 * size, with: [UInt8](repeating: 0, count: 2 * size))
    guard let packed = try PackedFileModel.packed(content, in: kind) else {
      return try OutsideTool.absent(kind.form)
    }
    let source = try #require(try open(packed.joined).memory.regions.first?.source)
    var holes: [Range<UInt64>] = []
    var place: UInt64 = 0
    while place < source.size {
      let extent = source.extent(at: place)
      if extent.isHole { holes.append(place..<extent.end) }
      place = extent.end
    }
    #expect(holes.reduce(0) { $0 + $1.count } >= size)
    for hole in holes {
      #expect(content[Int(hole.lowerBound)..<Int(hole.upperBound)].allSatisfy { $0 == 0 })
    }
  }

  @Test("in parts has no hole where zeros are stored as they are, also when they have been read")
  func storedZeros() throws {
    guard OutsideTool("zstd") != nil else { return try OutsideTool.absent("zstd") }
    let frames = [0, 7].map { (byte: UInt8) -> [UInt8] in
      // A frame of 4096 bytes in one block that is not packed.
      [0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0x01, 0x80, 0]
        + [UInt8](repeating: byte, count: 4096)
    }
    let image = try open(frames.flatMap(\.self))
    let source = try #require(image.memory.regions.first?.source)
    let before = source.extent(at: 0)
    #expect(!before.isHole)
    #expect(try image.memory.bytes(at: 4095, count: 2) == [0, 7])
    #expect(source.extent(at: 0) == before)
  }

  @Test("in parts that claim more than they can hold is refused before any is unpacked")
  func bombs() throws {
    // Frames of one block of repeated bytes, each of which says that it gives 2⁵⁰ bytes.
    let frame: [UInt8] =
      [0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 4, 0] + [0x03, 0, 0x10, 0x41]
    let error = #expect(throws: ImageError.self) { try open(frame + frame) }
    #expect(error?.description.contains("that is no machine's memory") == true)
    // What a frame gives is what it says, or it is lost.
    var small = frame
    small[11] = 0
    small[6] = 0x10
    let image = try open(small + small)
    let found = try image.memory.bytes(at: 0, count: 2 * 0x1000) ?? []
    #expect(found.allSatisfy { $0 == 0 } && found.count == 2 * 0x1000)
    #expect(image.damage?.count == 2)
  }

  @Test("in parts is read alike by eight threads", arguments: PackedFileModel.Parts.allCases)
  func threadsInParts(_ kind: PackedFileModel.Parts) async throws {
    guard let packed = try PackedFileModel.packed(Self.content, in: kind) else {
      return try OutsideTool.absent(kind.form)
    }
    let image = try open(packed.joined)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          stride(from: 0, to: Self.content.count - 70_000, by: 70_000).allSatisfy { place in
            let found = try? image.memory.bytes(at: UInt64(place), count: 70_000)
            return found == Array(Self.content[place..<place + 70_000])
          }
        }
      }
      for await isEqual in group { #expect(isEqual) }
    }
  }

  @Test(
    "in parts that is cut is unpacked as far as it goes", arguments: PackedFileModel.Parts.allCases)
  func cutParts(_ kind: PackedFileModel.Parts) throws {
    guard let packed = try PackedFileModel.packed(Self.content, in: kind) else {
      return try OutsideTool.absent(kind.form)
    }
    let bytes = packed.joined
    for count in stride(from: 1000, to: bytes.count, by: bytes.count / 17) {
      let image: MemoryImage
      do throws(ImageError) { image = try open(Array(bytes[..<count])) } catch {
        // Nothing comes of the first few bytes.
        #expect(error.kind == .unusable && count < packed[0].count, "\(error)")
        continue
      }
      let found = try image.memory.bytes(at: 0, count: Int(image.memory.end)) ?? []
      #expect(Self.content.starts(with: found))
      #expect(
        image.warnings.contains { $0.isPartial }
          || kind.endsAnywhere && packed.starts.contains(count), "\(count) bytes")
    }
  }

  @Test("of any format is what it is unpacked, also from a pipe")
  func formats() throws {
    let model = SmallDumps.kdumpModel(.wide, .little)
    let dumps = [
      ("kdump-compressed", model.bytes), ("ELF core", SmallDumps.elfModel(64, .little).bytes),
      ("LiME", SmallDumps.lime.files["lime"] ?? []), ("AVML", SmallDumps.avml.files["avml"] ?? []),
      ("flattened kdump-compressed", SmallDumps.flattened.files["kdump"] ?? []),
    ]
    for (name, bytes) in dumps {
      let packed = Self.gzip(bytes)
      let image = try open(packed)
      #expect(image.format == "gzip \(name)")
      #expect(
        try Pipe.open(packed).memory.regions.map(\.range) == image.memory.regions.map(\.range))
      var options = ImageOptions(machines: [])
      options.parts = [try directory.file(packed, named: "part")]
      #expect(throws: ImageError.self) {
        try ImageFormat.open(path: directory.path("image.bin"), options: options)
      }
    }
  }

  @Test("that is cut anywhere says so, or is refused")
  func cut() throws {
    let content = Array(Self.content[40_000..<56_000])
    for isGzip in [true, false] {
      let packed = PackedFileModel.deflated(content, isGzip: isGzip)
      for count in stride(from: 20, to: packed.count, by: 211) {
        let image: MemoryImage
        do throws(ImageError) { image = try open(Array(packed[..<count])) } catch {
          #expect(error.kind == .unusable && count < 4000, "\(error)")
          continue
        }
        guard image.format != "raw" else { continue }
        #expect(image.warnings.contains { $0.isPartial && $0.text.contains("ends early, at") })
        let found = try image.memory.bytes(at: 0, count: Int(image.memory.end)) ?? []
        #expect(content.starts(with: found))
      }
    }
  }

  @Test("that is damaged, or followed by something else, says so")
  func damaged() throws {
    var packed = Self.gzip(Self.content)
    let trailing = try open(packed + Array("something else".utf8))
    #expect(trailing.warnings.map(\.isPartial) == [false])
    #expect(trailing.warnings.first?.text.contains("is followed by something else") == true)
    packed[packed.count / 2] ^= 0x55
    packed[packed.count / 2 + 1] ^= 0x55
    let image = try open(packed)
    #expect(image.warnings.contains { $0.isPartial && $0.text.contains("is damaged before") })
    packed[packed.count - 6] ^= 1
    #expect(throws: ImageError.self) { try open(Self.gzip([])) }
    let nothing = #expect(throws: ImageError.self) {
      try open([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 7, 7, 7])
    }
    #expect(nothing?.description.contains("nothing of it can be unpacked") == true)
  }

  @Test("of members of which one is damaged is used up to that, wherever it is", arguments: 1..<24)
  func damagedMember(_ number: Int) throws {
    let members = (0..<24).map { _ in Self.gzip(Array(Self.content.prefix(100_000))) }
    var packed = members.joined().map { $0 }
    let start = members.prefix(number).reduce(0) { $0 + $1.count }
    // Its checksum, and what it is of.
    packed[start + members[number].count - 8 - (number % 2) * 2000] ^= 1
    let image = try open(packed)
    let whole = try #require(try image.memory.bytes(at: 0, count: Int(image.memory.end)))
    #expect(whole.count >= number * 100_000)
    #expect(whole.prefix(100_000).elementsEqual(Self.content.prefix(100_000)))
  }

  @Test("that is changed anywhere is refused, or read alike in whole and in parts")
  func mutations() throws {
    let files = PackedFileModel.smallFiles.sorted { $0.key < $1.key }.map(\.value)
    var opened = 0
    for seed in 0..<400 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var bytes = files[Int(seed) % files.count]
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(
          in: .min ... .max, using: &generator)
      }
      guard
        let input = try? Unwrapping.run(
          ImageInput(ByteArraySource(bytes, name: "dump")), isCancelled: { false })
      else { continue }
      opened += 1
      let whole = try input.source.bytes(at: 0, count: 50_000)
      #expect(whole.count == Int(min(50_000, input.source.size)), "seed \(seed)")
      for start in stride(from: 0, to: whole.count, by: 3001) {
        let part = try input.source.bytes(at: UInt64(start), count: 3001)
        #expect(part.elementsEqual(whole[start...].prefix(3001)), "seed \(seed)")
      }
    }
    #expect(opened > 50)
  }

  @Test("that is nearly all zeros may give far more of them than of other bytes")
  func zeros() throws {
    let zeros = [UInt8](repeating: 0, count: 160 << 20)
    guard let packed = try PackedFileModel.packed(Self.content + zeros, by: ["bzip2", "-c"]) else {
      return try OutsideTool.absent("bzip2")
    }
    let image = try open(packed)
    #expect(image.memory.end == UInt64(Self.content.count + zeros.count))
    #expect(try image.memory.bytes(at: 0, count: Self.content.count) == Self.content)
  }

  @Test("that is nothing but zeros is refused before they take long")
  func zeroBomb() throws {
    let zeros = [UInt8](repeating: 0, count: 64 << 20)
    guard let stream = try PackedFileModel.packed(zeros, by: ["bzip2", "-1c"]) else {
      return try OutsideTool.absent("bzip2")
    }
    // Streams may follow one another: 2 GiB.
    let packed = Array([[UInt8]](repeating: stream, count: 32).joined())
    #expect(packed.count < 64 << 10)
    let error = #expect(throws: ImageError.self) { try open(packed) }
    #expect(error?.description.contains("that is no machine's memory") == true)
  }

  @Test("Eight threads read the same unpacked bytes")
  func threads() async throws {
    let image = try open(Self.gzip(Self.content))
    await withTaskGroup(of: Bool.self) { group in
      for seed in 0..<8 as Range<UInt64> {
        group.addTask {
          var generator = SeededGenerator(seed: seed)
          return (0..<20).allSatisfy { _ in
            let place = Int.random(in: 0..<Self.content.count - 70_000, using: &generator)
            let found = try? image.memory.bytes(at: UInt64(place), count: 70_000)
            return found == Array(Self.content[place..<place + 70_000])
          }
        }
      }
      for await isEqual in group { #expect(isEqual) }
    }
  }

  private enum Sample {
    static let head = [UInt8](repeating: 9, count: 4096)
  }
}
