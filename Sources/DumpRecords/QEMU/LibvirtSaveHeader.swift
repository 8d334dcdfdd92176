package import Bytes

/// The head of a file of `virsh save`, in the byte order of the host: `virQEMUSaveHeader`. The
/// guest's XML follows it, then QEMU's stream. Source: libvirt `src/qemu/qemu_saveimage.h`.
package struct LibvirtSaveHeader: Equatable, Sendable {
  package var version: UInt32  // version, 2
  package var dataLength: UInt32  // data_len, of the XML and what is with it
  package var wasRunning: UInt32  // was_running
  package var format: UInt32  // format, of the stream
  package var cookieOffset: UInt32  // cookieOffset

  /// A file that was finished.
  package static let signature = Array("LibvirtQemudSave".utf8)
  /// Bytes of the structure.
  package static let size = 92
  /// The newest version that there is.
  package static let newest: UInt32 = 2
  /// The value of ``format`` of a stream as it is.
  package static let plain: UInt32 = 0
  /// The value of a stream with `mapped-ram`.
  package static let sparse: UInt32 = 6

  /// The program that unpacks a stream; nil where it is as it is, or packed with something unknown.
  package var packer: String? {
    let programs = ["gzip", "bzip2", "xz", "lzop", "zstd"]
    return (1...programs.count).contains(Int(format)) ? programs[Int(format) - 1] : nil
  }

  /// Where QEMU's stream begins.
  package var streamOffset: UInt64 { UInt64(LibvirtSaveHeader.size) + UInt64(dataLength) }

  /// A header from its fields.
  package init(
    version: UInt32, dataLength: UInt32, wasRunning: UInt32, format: UInt32, cookieOffset: UInt32
  ) {
    self.version = version
    self.dataLength = dataLength
    self.wasRunning = wasRunning
    self.format = format
    self.cookieOffset = cookieOffset
  }

  /// Reads a header in the byte order in which its version is a small number.
  ///
  /// - Returns: nil where the signature is another one, or no byte order fits.
  /// - Throws: ``ShortRecord`` where the bytes end inside it.
  package init?(_ bytes: [UInt8]) throws(ShortRecord) {
    guard bytes.starts(with: LibvirtSaveHeader.signature) else { return nil }
    for order in ByteOrder.allCases {
      var reader = ByteReader(bytes, order: order, at: LibvirtSaveHeader.signature.count)
      version = try reader.read()
      dataLength = try reader.read()
      wasRunning = try reader.read()
      format = try reader.read()
      cookieOffset = try reader.read()
      try reader.skip(LibvirtSaveHeader.size - reader.position)
      if (1...LibvirtSaveHeader.newest).contains(version) { return }
    }
    return nil
  }

  /// Appends the header.
  package func write(to writer: inout ByteWriter) {
    let start = writer.bytes.count
    writer.write(contentsOf: LibvirtSaveHeader.signature)
    for field in [version, dataLength, wasRunning, format, cookieOffset] { writer.write(field) }
    writer.pad(to: start + LibvirtSaveHeader.size)
  }
}
