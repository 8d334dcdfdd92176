import Glibc
import VMCore

/// The words of the command line. File names among them are bytes, which need not be UTF-8.
enum Arguments {
  /// Those behind the program's name.
  static let all: [String] = Array(words.dropFirst())

  private static var words: [String] {
    var words: [String] = []
    for index in 0..<Int(CommandLine.argc) {
      guard let word = unsafe CommandLine.unsafeArgv[index] else { break }
      let bytes = unsafe UnsafeRawBufferPointer(start: word, count: strlen(word))
      words.append(unsafe PathText.text(of: Array(bytes)))
    }
    return words
  }
}
