import Bytes
import Testing

@Suite("Texts that speak of settings")
struct MessageTests {
  @Test("name each setting as whoever shows them wants")
  func naming() {
    let path = "vmcore"
    let message: Message = "\(path): exists, \(.mayReplace) replaces it, \(7) of \([1, 2])"
    #expect(message.text { "<\($0)>" } == "vmcore: exists, <mayReplace> replaces it, 7 of [1, 2]")
    #expect(message.description == "vmcore: exists, mayReplace replaces it, 7 of [1, 2]")
  }

  @Test("keep their settings where one becomes part of another")
  func nesting() {
    let inner: Message = "\(.ram)"
    let outer: Message = "built from \(inner)" + Message(" and") + " \(.architecture)=NAME"
    #expect(outer.text { _ in "-" } == "built from - and -=NAME")
    #expect(
      outer.parts == [
        .text("built from "), .setting(.ram), .text(" and "), .setting(.architecture),
        .text("=NAME"),
      ])
    #expect(Message("a") + Message("b") == "ab")
  }
}
