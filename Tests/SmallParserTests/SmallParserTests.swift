import Testing

/// Command lines; words have spaces between them.
private let lines = [
  "image", "image target", "image target more", "", "-", "- target", "-- -x", "image -- -target",
  "-o out image", "-oout image", "-o=out image", "--output out image", "--output=out image",
  "--output= image", "-o", "--output", "-o -v image", "-o - image", "--output -v image",
  "-o out image target", "-z6 image", "-z 6 image", "-z=6 image", "-zx image", "-z", "-z -1 image",
  "--compress 6 image", "--compress=6 image", "--form kdump image", "--form=kdump image",
  "--form other image", "--form", "--no-sparse image", "--noSparse image", "--no-sparse=1 image",
  "--embed image", "--embeds image", "-v image", "-q image", "-vq image", "-q -v image",
  "-vx image",
  "-x image", "--unknown image", "--unknown=1 image", "--segment a@1 --segment=b@2",
  "--segment a@1 image", "image -v target", "-v --no-sparse image -o out",
  "--form kdump --form elf a",
  "write image", "write image -o out", "part kdump image", "part other image", "part", "part elf",
  "part elf image more", "part --segment a@1 elf", "part elf -z6 image", "image part", "./part",
  "--version", "image --version", "-- --version", "-o= image", "--no-sparse= image", "-v= image",
  "---", "--=x image",
]

@Suite("The small parser")
struct SmallParserTests {
  @Test("takes a command line as swift-argument-parser does", arguments: lines)
  func agrees(line: String) {
    let words = line.split(separator: " ").map(String.init)
    #expect(SmallSample.answer(to: words) == FullSample.answer(to: words))
  }

  @Test("says how the program is called", arguments: ["--help", "-h", "image -h", "part --help"])
  func helps(line: String) {
    let answer = SmallSample.answer(to: line.split(separator: " ").map(String.init))
    #expect(answer.hasPrefix("status 0: USAGE:\n  sample [OPTIONS] IMAGE [TARGET]\n"))
  }

  @Test("takes names that are no words of a shell")
  func takesAnyName() {
    let words = ["--output=", "a b", "--segment", ""]
    #expect(SmallSample.answer(to: words) == FullSample.answer(to: words))
  }
}
