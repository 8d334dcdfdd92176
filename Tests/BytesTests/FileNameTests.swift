import Bytes
import TestSupport
import Testing

@Suite("The text of a file's name")
struct FileNameTests {
  @Test("stands for the same bytes, whatever they are")
  func roundTrip() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
        UInt8.random(in: 1...255, using: &generator)
      }
      #expect(FileName.bytes(of: FileName.text(of: bytes)) == bytes, "\(bytes)")
    }
    for text in ["vmcore", "käse/\u{301}", "\u{10ff41}\u{10ffff}", ""] {
      let bytes = Array(text.utf8)
      #expect(FileName.bytes(of: FileName.text(of: bytes)) == bytes, "\(text)")
    }
  }

  @Test("is the name itself where that is UTF-8")
  func plain() {
    #expect(FileName.text(of: Array("käse 😀".utf8)) == "käse 😀")
  }

  @Test("is parted at its last slash, also where a letter is joined to that")
  func split() {
    #expect(FileName.split("a/b/c") == ("a/b/", "c"))
    #expect(FileName.split("c") == ("", "c"))
    #expect(FileName.split("a/\u{301}b").directory == "a/")
  }
}
