internal import Glibc
package import SystemPackage

/// File names are bytes, and most are UTF-8. A text holds the bytes of one that are not, too: each as
/// a scalar behind all that have a meaning, from which it is taken again where the name is used.
package enum FileName {
  /// The scalar of the byte 0. Where a name has such scalars itself, they are bytes, too.
  package static let firstScalar: UInt32 = 0x10_ff00

  /// The text of a name.
  package static func text(of bytes: some Collection<UInt8>) -> String {
    let bytes = Array(bytes)
    var text = String.UnicodeScalarView()
    var index = 0
    while index < bytes.count {
      var rest = bytes[index...].makeIterator()
      var parser = Unicode.UTF8.ForwardParser()
      let length: Int
      switch parser.parseScalar(from: &rest) {
      case .valid(let code):
        length = code.count
        let scalar = Unicode.UTF8.decode(code)
        if scalar.value < firstScalar {
          text.append(scalar)
          index += length
          continue
        }
      case .error(let count): length = max(1, count)
      case .emptyInput: return String(text)
      }
      for byte in bytes[index..<min(bytes.count, index + length)] {
        if let scalar = Unicode.Scalar(firstScalar + UInt32(byte)) { text.append(scalar) }
      }
      index += length
    }
    return String(text)
  }

  /// The name that a text stands for.
  package static func bytes(of text: String) -> [UInt8] {
    guard text.unicodeScalars.contains(where: { $0.value >= firstScalar }) else {
      return Array(text.utf8)
    }
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      if scalar.value >= firstScalar {
        bytes.append(UInt8(truncatingIfNeeded: scalar.value - firstScalar))
      } else {
        bytes += Array(String(scalar).utf8)
      }
    }
    return bytes
  }

  /// Runs `body` with the name as system calls take it.
  package static func with<Result>(
    _ text: String, _ body: (UnsafePointer<CChar>) -> Result
  ) -> Result {
    let name = bytes(of: text).map { CChar(bitPattern: $0) } + [0]
    return unsafe name.withUnsafeBufferPointer { buffer in
      // It holds the zero at its end at least.
      unsafe buffer.baseAddress.map { unsafe body($0) } ?? body("")
    }
  }

  /// The name that a system call gave.
  package static func text(at name: UnsafePointer<CChar>) -> String {
    text(
      of: unsafe UnsafeBufferPointer(start: name, count: strlen(name)).map { UInt8(bitPattern: $0) }
    )
  }

  /// The value of an environment variable that is a path; nil where it is empty or not set.
  package static func environment(_ variable: String) -> String? {
    guard let value = unsafe getenv(variable) else { return nil }
    let text = unsafe text(at: value)
    return text.isEmpty ? nil : text
  }

  /// The part of a path up to its last slash, and the one behind it.
  package static func split(_ path: String) -> (directory: String, name: String) {
    let bytes = bytes(of: path)
    let name = bytes.lastIndex(of: UInt8(ascii: "/")).map { bytes[($0 + 1)...] } ?? bytes[...]
    return (text(of: bytes[..<name.startIndex]), text(of: name))
  }
}

extension FilePath {
  /// The path that a text stands for.
  package init(named text: String) {
    self = unsafe FileName.with(text) { unsafe FilePath(platformString: $0) }
  }
}
