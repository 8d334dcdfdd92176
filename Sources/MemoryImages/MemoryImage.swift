package import Bytes

/// An opened image: physical memory, and what the format leaves open.
package struct MemoryImage: Sendable {
  /// The file's name, for messages.
  package let name: String
  /// The input format's name.
  package let format: String
  /// The memory under the layout that was given, or address = file offset.
  package let memory: PhysicalMemory
  /// How a raw file lies in memory.
  package let layout: ImageLayout
  /// Whether nobody said how: evidence in the image may choose another layout.
  package let layoutIsOpen: Bool
  /// The re-IPL block that this program put into a note of the input (`--embed-reipl`).
  package let reIPLBlock: [UInt8]?
  /// The files behind it: an output must be none of them.
  package let files: [FileIdentity]

  /// An image from its parts.
  package init(
    name: String, format: String, memory: PhysicalMemory, layout: ImageLayout,
    layoutIsOpen: Bool, files: [FileIdentity], reIPLBlock: [UInt8]? = nil
  ) {
    self.name = name
    self.format = format
    self.memory = memory
    self.layout = layout
    self.layoutIsOpen = layoutIsOpen
    self.files = files
    self.reIPLBlock = reIPLBlock
  }

  /// The same file with its memory at other addresses; its layout is settled by that.
  package func with(_ memory: PhysicalMemory) -> MemoryImage {
    MemoryImage(
      name: name, format: format, memory: memory, layout: layout, layoutIsOpen: false,
      files: files, reIPLBlock: reIPLBlock)
  }

  /// The same file under another layout; nil where the image has a layout of its own.
  package func memory(under layout: ImageLayout) -> PhysicalMemory? {
    if layout == self.layout { return memory }
    guard layoutIsOpen, let region = memory.regions.first else { return nil }
    return try? PhysicalMemory(regions: layout.regions(of: region.source))
  }
}
