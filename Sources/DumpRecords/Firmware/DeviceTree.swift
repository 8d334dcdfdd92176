internal import Bytes

/// What a flattened device tree says of memory and of the crashed kernel's core header.
/// Layout: Devicetree Specification v0.4, chapter 5; properties: `drivers/of/fdt.c`.
package struct DeviceTree: Equatable, Sendable {
  /// `/chosen` `linux,elfcorehdr`: address and size of the core header.
  package var coreHeader: ELFCoreHeaderParameter?
  /// `/chosen` `bootargs`: the kernel command line.
  package var bootArguments: String?
  /// `/memory@…` `reg`: the machine's RAM, half open.
  package var memory: [Range<UInt64>] = []
  /// What a second kernel may use of it: `/chosen` `linux,usable-memory-range` (arm64, riscv64), or
  /// `/memory@…` `linux,usable-memory` (ppc64); none of them empty.
  package var usableMemory: [Range<UInt64>] = []

  /// The core header's place: the property, else the command line.
  package var namedCoreHeader: (parameter: ELFCoreHeaderParameter, by: String)? {
    if let coreHeader { return (coreHeader, "/chosen linux,elfcorehdr") }
    if let parameter = bootArguments.flatMap(ELFCoreHeaderParameter.init(commandLine:)) {
      return (parameter, "/chosen bootargs")
    }
    return nil
  }

  /// Reads a whole tree.
  ///
  /// - Returns: nil where the structure block is damaged; what stood before the damage is lost on
  ///   purpose, since half a tree could name the wrong place.
  package init?(_ bytes: [UInt8]) {
    guard let header = DeviceTreeHeader(bytes), bytes.count >= Int(header.totalSize) else {
      return nil
    }
    var walk = DeviceTreeWalk(bytes: bytes, header: header)
    guard let tree = try? walk.run() else { return nil }
    self = tree
  }

  init() {}
}

/// One pass over the structure block.
private struct DeviceTreeWalk {
  private enum Token {
    static let beginNode: UInt32 = 1  // FDT_BEGIN_NODE
    static let endNode: UInt32 = 2  // FDT_END_NODE
    static let property: UInt32 = 3  // FDT_PROP
    static let nothing: UInt32 = 4  // FDT_NOP
    static let end: UInt32 = 9  // FDT_END
  }

  private struct Damaged: Error {}

  /// What a node below the root is.
  private enum Node {
    case chosen, memory, other

    init(_ name: ArraySlice<UInt8>) {
      if name.elementsEqual("chosen".utf8) {
        self = .chosen
      } else {
        let isMemory = name.elementsEqual("memory".utf8) || name.starts(with: "memory@".utf8)
        self = isMemory ? .memory : .other
      }
    }
  }

  private let bytes: [UInt8]
  private let strings: Int
  private var reader: ByteReader
  private var tree = DeviceTree()
  /// What is open: only of nodes below the root it matters which they are.
  private var node = Node.other
  private var depth = 0
  private var cells = DeviceTreeCells()

  init(bytes: [UInt8], header: DeviceTreeHeader) {
    self.bytes = Array(bytes.prefix(Int(header.totalSize)))
    strings = Int(header.stringsOffset)
    reader = ByteReader(self.bytes, order: .big, at: Int(header.structureOffset))
  }

  mutating func run() throws -> DeviceTree {
    while true {
      switch try reader.read(UInt32.self) {
      case Token.beginNode:
        guard depth < DeviceTreeWalk.deepest else { throw Damaged() }
        let name = try takeName()
        depth += 1
        if depth == 2 { node = Node(name) }
      case Token.endNode:
        guard depth > 0 else { throw Damaged() }
        depth -= 1
      case Token.property: try takeProperty()
      case Token.nothing: continue
      case Token.end:
        guard depth == 0 else { throw Damaged() }
        return tree
      default: throw Damaged()
      }
    }
  }

  /// Nodes that are open at once, at most.
  private static let deepest = 64

  private mutating func takeName() throws -> ArraySlice<UInt8> {
    guard let end = bytes[reader.position...].firstIndex(of: 0) else { throw Damaged() }
    let name = try reader.take(end - reader.position)
    try reader.skip(1)
    try align()
    return name
  }

  private mutating func takeProperty() throws {
    let length = Int(try reader.read(UInt32.self))
    let name = try string(at: Int(try reader.read(UInt32.self)))
    let value = try reader.take(length)
    try align()
    switch (depth, node) {
    case (1, _): cells.take(name, Array(value))
    case (2, .chosen): takeChosenProperty(name, Array(value))
    case (2, .memory) where name.elementsEqual("reg".utf8):
      tree.memory += ranges(in: Array(value))
    case (2, .memory) where name.elementsEqual("linux,usable-memory".utf8):
      tree.usableMemory += ranges(in: Array(value)).filter { !$0.isEmpty }
    default: break
    }
  }

  private mutating func takeChosenProperty(_ name: ArraySlice<UInt8>, _ value: [UInt8]) {
    switch String(decoding: name, as: UTF8.self) {
    case "linux,elfcorehdr":
      if let range = cells.pair(in: value, at: 0) {
        tree.coreHeader = ELFCoreHeaderParameter(address: range.0, size: range.1)
      }
    case "linux,usable-memory-range":
      tree.usableMemory += ranges(in: value).filter { !$0.isEmpty }
    case "bootargs": tree.bootArguments = text(value)
    default: break
    }
  }

  private func text(_ value: [UInt8]) -> String {
    String(decoding: value.prefix { $0 != 0 }, as: UTF8.self)
  }

  private func string(at offset: Int) throws -> ArraySlice<UInt8> {
    let start = strings + offset
    // Property names have at most 31 characters; nothing longer is searched for its end.
    guard start < bytes.count, let end = bytes[start...].prefix(65).firstIndex(of: 0)
    else { throw Damaged() }
    return bytes[start..<end]
  }

  private func ranges(in value: [UInt8]) -> [Range<UInt64>] {
    let step = cells.pairSize
    return stride(from: 0, through: value.count - step, by: step).compactMap { offset in
      cells.pair(in: value, at: offset).flatMap { Range(start: $0.0, length: $0.1) }
    }
  }

  private mutating func align() throws {
    let over = reader.position % 4
    if over != 0 { try reader.skip(4 - over) }
  }
}
