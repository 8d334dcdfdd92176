package import Bytes

/// An opened image: physical memory, and what the format leaves open.
package struct MemoryImage: Sendable {
  /// The file's name, for messages.
  package let name: String
  /// The input format's name.
  package let format: String
  /// The memory under the layout that was given, or address = file offset.
  package private(set) var memory: PhysicalMemory
  /// How a raw file lies in memory.
  package let layout: ImageLayout
  /// Whether nobody said how: evidence in the image may choose another layout.
  package private(set) var layoutIsOpen: Bool
  /// What the file itself tells of that while its layout is open, the likeliest first.
  package let toldLayouts: [ImageLayout]
  /// The re-IPL block that this program put into a note of the input (`--embed-reipl`).
  package var reIPLBlock: [UInt8]?
  /// The files behind it: an output must be none of them.
  package var files: [FileIdentity]
  /// What of them cannot be read.
  package let unreadable: [UnreadableParts]
  /// What may be done with it.
  package let budget: Budget
  /// The core header that the file brings along, where it is a dump already.
  package let stored: StoredCore?
  /// What was seen while it was opened.
  package let warnings: [Finding]
  /// What was done to read it at all.
  package let notices: [String]
  /// What reading shows of pages that are packed; nil where none are.
  package let damage: PageDamage?

  /// An image from its parts.
  package init(
    name: String, format: String, memory: PhysicalMemory, layout: ImageLayout,
    layoutIsOpen: Bool, files: [FileIdentity], unreadable: [UnreadableParts] = [],
    reIPLBlock: [UInt8]? = nil, warnings: [Finding] = [], budget: Budget? = nil
  ) {
    self.name = name
    self.format = format
    self.memory = memory
    self.budget = budget ?? Budget(name, stored: memory.size)
    self.memory.budget = self.budget
    self.layout = layout
    self.layoutIsOpen = layoutIsOpen
    toldLayouts = []
    self.files = files
    self.unreadable = unreadable
    self.reIPLBlock = reIPLBlock
    stored = nil
    self.warnings = warnings
    notices = []
    damage = nil
  }

  /// What a format made of an input and its parts; what was seen and done on the way to them
  /// comes first.
  init(
    of input: ImageInput, as format: ImageFormat, memory: PhysicalMemory,
    layout: ImageLayout, layoutIsOpen: Bool, told: [ImageLayout] = [], stored: StoredCore?,
    warnings: [Finding], damage: PageDamage? = nil
  ) {
    let inputs = [input] + input.parts
    name = input.name
    let flattened = input.isUnflattened ? [ImageFormat.flattened.name] : []
    self.format = (input.wrappings + flattened + [format.name]).joined(separator: " ")
    self.memory = memory
    budget = input.budget
    self.memory.budget = input.budget
    self.layout = layout
    self.layoutIsOpen = layoutIsOpen
    toldLayouts = told
    files = inputs.flatMap(\.files)
    unreadable = inputs.flatMap(\.unreadable)
    reIPLBlock = nil
    self.stored = stored
    self.warnings = inputs.flatMap(\.warnings) + warnings
    notices = inputs.flatMap(\.notices)
    self.damage = PageDamage.joined(inputs.map(\.damage) + [damage])
  }

  /// What a format made of a file that tells how its memory lies by the kind of machine alone: what
  /// is in the memory may contradict it. Its regions are those at address = file offset.
  init(
    of input: ImageInput, as format: ImageFormat, inOrder memory: PhysicalMemory,
    told: [ImageLayout], warnings: [Finding], damage: PageDamage? = nil
  ) {
    self.init(
      of: input, as: format, memory: memory, layout: .identity, layoutIsOpen: true, told: told,
      stored: nil, warnings: warnings, damage: damage)
  }

  /// What a format made of a dump, whose headers say where its memory lies.
  init(
    ofDump input: ImageInput, as format: ImageFormat, memory: PhysicalMemory,
    stored: StoredCore, warnings: [Finding], damage: PageDamage? = nil
  ) {
    self.init(
      of: input, as: format, memory: memory, layout: .ofDump, layoutIsOpen: false,
      stored: stored, warnings: warnings, damage: damage)
  }

  /// What a format made of a file that says where its memory lies, and knows no kernel's notes.
  init(
    of input: ImageInput, as format: ImageFormat, memory: PhysicalMemory, warnings: [Finding],
    damage: PageDamage? = nil
  ) {
    self.init(
      of: input, as: format, memory: memory, layout: .ofDump, layoutIsOpen: false, stored: nil,
      warnings: warnings, damage: damage)
  }

  /// The memory of the running machine.
  package init(
    ofDevice name: String, memory: PhysicalMemory, file: FileIdentity, damage: PageDamage,
    notice: String,
    isCancelled: @escaping @Sendable () -> Bool
  ) {
    self.name = name
    format = "old memory"
    self.memory = memory
    budget = Budget(name, stored: memory.size, isCancelled: isCancelled)
    self.memory.budget = budget
    layout = .identity
    layoutIsOpen = false
    toldLayouts = []
    files = [file]
    unreadable = []
    reIPLBlock = nil
    stored = nil
    warnings = []
    notices = [notice]
    self.damage = damage
  }

  /// Number of pages of its files that cannot be read, as is known by now.
  package var unreadableCount: UInt64 { unreadable.reduce(0) { $0 + $1.count } }

  /// What there is to say of them by now.
  package var unreadableFindings: [Finding] { unreadable.compactMap(\.finding) }

  /// The same file with its memory at other addresses; its layout is settled by that.
  package func with(_ memory: PhysicalMemory) -> MemoryImage {
    var image = self
    image.memory = memory
    image.memory.budget = budget
    image.layoutIsOpen = false
    return image
  }

  /// Bytes that a layout places, though not all of them may be there.
  package var sizeToPlace: UInt64 { memory.regions.first?.source.size ?? 0 }

  /// The same file under another layout; nil where the image has a layout of its own.
  package func memory(under layout: ImageLayout) -> PhysicalMemory? {
    if layout == self.layout { return memory }
    guard layoutIsOpen, let source = memory.regions.first?.source else { return nil }
    let parts = layout.regions(of: source).flatMap { part in
      memory.regions(
        in: part.offset..<part.offset + part.range.length, movedTo: part.range.lowerBound)
    }
    var moved = try? PhysicalMemory(regions: parts)
    moved?.budget = budget
    return moved
  }
}
