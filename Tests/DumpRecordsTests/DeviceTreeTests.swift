import DumpRecords
import Testing

@Suite("A flattened device tree")
struct DeviceTreeTests {
  /// A tree with every property that is read, put together word by word.
  private struct Blob {
    var version: UInt32 = 17
    var cells = 2
    var structure: [UInt8] = []
    var strings: [UInt8] = []
    /// Where tokens stand, from the start of the structure block.
    var tokens: [Int] = []

    init(version: UInt32 = 17, cells: Int = 2, withProperty: Bool = true) {
      self.version = version
      self.cells = cells
      begin("")
      property("#address-cells", word(UInt32(cells)))
      property("#size-cells", word(UInt32(cells)))
      token(4)
      begin("memory@40000000")
      property("reg", number(0x4000_0000) + number(0x2000_0000))
      token(2)
      begin("chosen")
      property("bootargs", Array("quiet elfcorehdr=1M".utf8) + [0])
      if withProperty { property("linux,elfcorehdr", number(0x5ff0_0000) + number(0x400)) }
      property("linux,usable-memory-range", number(0x5000_0000) + number(0x1000_0000))
      token(2)
      begin("cpus")
      property("reg", word(7))
      token(2)
      token(2)
      token(9)
    }

    var bytes: [UInt8] {
      let start = 40 + 16
      let fields: [UInt32] = [
        0xd00d_feed, UInt32(start + structure.count + strings.count), UInt32(start),
        UInt32(start + structure.count), 40, version, 16, 0, UInt32(strings.count),
        version == 16 ? 0 : UInt32(structure.count),
      ]
      return fields.flatMap(word) + [UInt8](repeating: 0, count: 16) + structure + strings
    }

    func word(_ value: UInt32) -> [UInt8] {
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private func number(_ value: UInt32) -> [UInt8] {
      cells == 2 ? [0, 0, 0, 0] + word(value) : word(value)
    }

    private mutating func token(_ value: UInt32) {
      tokens.append(structure.count)
      structure += word(value)
    }

    private mutating func begin(_ name: String) {
      token(1)
      structure += Array(name.utf8) + [0]
      while structure.count % 4 != 0 { structure.append(0) }
    }

    private mutating func property(_ name: String, _ value: [UInt8]) {
      token(3)
      structure += word(UInt32(value.count)) + word(UInt32(strings.count)) + value
      while structure.count % 4 != 0 { structure.append(0) }
      strings += Array(name.utf8) + [0]
    }
  }

  @Test(
    "Version 16, which has no size of its structure, and 17 are read, with cells of either size",
    arguments: [UInt32(16), 17], [1, 2])
  func literal(_ version: UInt32, _ cells: Int) throws {
    let tree = try #require(DeviceTree(Blob(version: version, cells: cells).bytes))
    #expect(tree.coreHeader == ELFCoreHeaderParameter(address: 0x5ff0_0000, size: 0x400))
    #expect(tree.bootArguments == "quiet elfcorehdr=1M")
    #expect(tree.memory == [0x4000_0000..<0x6000_0000])
    #expect(tree.namedCoreHeader?.parameter.address == 0x5ff0_0000)
    #expect(tree.namedCoreHeader?.by == "/chosen linux,elfcorehdr")
  }

  @Test("Without the property the command line names the header")
  func commandLine() throws {
    let tree = try #require(DeviceTree(Blob(withProperty: false).bytes))
    #expect(tree.coreHeader == nil)
    #expect(tree.namedCoreHeader?.parameter == ELFCoreHeaderParameter(address: 1 << 20))
    #expect(tree.namedCoreHeader?.by == "/chosen bootargs")
  }

  @Test("A tree that is cut off at any length is none: half of one could name a wrong place")
  func cut() {
    let blob = Blob()
    let bytes = blob.bytes
    for count in 0..<bytes.count {
      #expect(DeviceTree(Array(bytes.prefix(count))) == nil, "\(count) bytes")
      var shorter = Array(bytes.prefix(count))
      guard count >= 40 else { continue }
      // The header agrees that the tree ends here.
      shorter.replaceSubrange(4..<8, with: blob.word(UInt32(count)))
      let tree = DeviceTree(shorter)
      #expect(tree == nil, "\(count) bytes, told so")
    }
  }

  @Test("What follows the tree is not looked at")
  func tail() {
    let bytes = Blob().bytes
    #expect(DeviceTree(bytes + [1, 2, 3]) == DeviceTree(bytes))
  }

  @Test("A damaged token makes the whole tree none")
  func damagedTokens() {
    let blob = Blob()
    for token in blob.tokens {
      for value: UInt32 in [0, 5, 0xffff_ffff] {
        var damaged = blob
        damaged.structure.replaceSubrange(token..<token + 4, with: blob.word(value))
        #expect(DeviceTree(damaged.bytes) == nil, "token at \(token)")
      }
    }
  }

  @Test("No damage of one byte is a crash, or takes a part of the memory for the whole")
  func damagedBytes() throws {
    let bytes = Blob().bytes
    let whole = try #require(DeviceTree(bytes))
    for index in bytes.indices {
      for change in [0x01, 0x02, 0x80, 0xff] as [UInt8] {
        var damaged = bytes
        damaged[index] ^= change
        guard let tree = DeviceTree(damaged) else { continue }
        // The walk reached FDT_END with every node closed: all nodes were seen.
        #expect(tree.memory.count <= whole.memory.count)
      }
    }
  }

  @Test("A tree that ends inside a node is none")
  func openNodes() {
    let blob = Blob()
    // Behind the root's name, and before FDT_END itself.
    for token in blob.tokens.dropFirst().dropLast() {
      var damaged = blob
      damaged.structure.replaceSubrange(token..<token + 4, with: blob.word(9))
      #expect(DeviceTree(damaged.bytes) == nil, "token at \(token)")
    }
  }

  @Test("Nodes without end, and properties longer than the tree, do no harm")
  func hostile() {
    var blob = Blob()
    blob.structure = (0..<100).flatMap { _ in blob.word(1) + [0, 0, 0, 0] } + blob.word(9)
    #expect(DeviceTree(blob.bytes) == nil)
    blob.structure = blob.word(3) + blob.word(.max) + blob.word(0) + blob.word(9)
    #expect(DeviceTree(blob.bytes) == nil)
    blob.structure = blob.word(3) + blob.word(0) + blob.word(.max) + blob.word(9)
    #expect(DeviceTree(blob.bytes) == nil)
    blob.structure = blob.word(2) + blob.word(9)
    #expect(DeviceTree(blob.bytes) == nil)
  }

  @Test(
    "A header that no kernel takes is none",
    arguments: [
      (0, 0xd00d_feec), (4, 0), (4, 35), (4, 0x20_0001), (8, 0), (8, 38), (8, 0x10_0000),
      (12, 0), (12, 0x10_0000), (20, 15), (20, 18), (24, 1), (24, 17),
    ] as [(Int, UInt32)])
  func header(_ offset: Int, _ value: UInt32) {
    let blob = Blob()
    var bytes = blob.bytes
    #expect(DeviceTreeHeader(bytes) != nil)
    bytes.replaceSubrange(offset..<offset + 4, with: blob.word(value))
    #expect(DeviceTreeHeader(bytes) == nil)
  }

  @Test("A header that is cut off at any length is none")
  func cutHeader() {
    let bytes = Blob().bytes
    for count in 0..<28 { #expect(DeviceTreeHeader(Array(bytes.prefix(count))) == nil) }
    #expect(DeviceTreeHeader(Array(bytes.prefix(DeviceTreeHeader.size))) != nil)
  }
}
