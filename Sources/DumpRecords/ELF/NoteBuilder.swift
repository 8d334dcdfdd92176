package import Bytes

/// Builds a list of notes: name and description are padded to 4 bytes.
package struct NoteBuilder: Sendable {
  private var writer: ByteWriter

  /// An empty list.
  package init(order: ByteOrder) {
    writer = ByteWriter(order: order)
  }

  /// The list so far, without an empty note at its end.
  package var bytes: [UInt8] { writer.bytes }

  /// Appends one note.
  package mutating func add(_ type: NoteType, _ description: some Collection<UInt8>) {
    let name = Array(type.name.utf8) + [0]
    NoteHeader(
      nameSize: UInt32(truncatingIfNeeded: name.count),
      descriptionSize: UInt32(truncatingIfNeeded: description.count), type: type.type
    ).write(to: &writer)
    writer.write(contentsOf: name)
    writer.pad(to: (writer.bytes.count + 3) & ~3)
    writer.write(contentsOf: description)
    writer.pad(to: (writer.bytes.count + 3) & ~3)
  }
}
