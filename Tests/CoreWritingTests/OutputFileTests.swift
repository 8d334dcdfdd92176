import Bytes
import CoreWriting
import Glibc
import TestSupport
import Testing

@Suite("Files that get their names when they are whole")
struct OutputFileTests {
  @Test("get them all or none, so that no set is left without one of its files")
  func allOrNone() throws {
    let directory = try TemporaryDirectory()
    let files = try ["a", "b", "c"].map { name in
      try OutputFile(path: directory.path(name), mayReplace: false)
    }
    #expect(directory.names.count == 3)
    _ = try directory.file([1], named: "b")
    let error = #expect(throws: WriteError.self) { try OutputFile.finish(files) }
    #expect(error?.description == "\(directory.path("b")): exists already, mayReplace replaces it")
    #expect(directory.names == ["b"])
    #expect(try directory.bytes(of: "b") == [1])
  }

  @Test("have them after the end")
  func named() throws {
    let directory = try TemporaryDirectory()
    let files = try ["a", "b"].map { name in
      try OutputFile(path: directory.path(name), mayReplace: false)
    }
    try OutputFile.finish(files)
    #expect(directory.names == ["a", "b"])
  }

  @Test("give back what they have replaced, where one of them gets none")
  func givenBack() throws {
    let directory = try TemporaryDirectory()
    for name in ["a", "b"] { _ = try directory.file(Array(name.utf8), named: name) }
    let files = try ["a", "new", "b", "c"].map { name in
      try OutputFile(path: directory.path(name), mayReplace: true)
    }
    // A directory that has come in the way meanwhile cannot be replaced.
    #expect(mkdir(directory.path("c"), 0o700) == 0)
    let error = #expect(throws: WriteError.self) { try OutputFile.finish(files) }
    #expect(error?.description.contains("c: cannot be given its name") == true)
    #expect(directory.names == ["a", "b", "c"])
    for name in ["a", "b"] { #expect(try directory.bytes(of: name) == Array(name.utf8)) }
  }

  @Test("leave nothing of what they have replaced")
  func replaced() throws {
    let directory = try TemporaryDirectory()
    for name in ["a", "b"] { _ = try directory.file([1], named: name) }
    let files = try ["a", "b"].map { name in
      try OutputFile(path: directory.path(name), mayReplace: true)
    }
    try OutputFile.finish(files)
    #expect(directory.names == ["a", "b"])
    for name in ["a", "b"] { #expect(try directory.bytes(of: name).isEmpty) }
  }

  @Test("can have names that are no UTF-8, and long ones of wide letters")
  func names() throws {
    let directory = try TemporaryDirectory()
    for name in [[0x76, 0xff, 0x80], Array(String(repeating: "😀", count: 60).utf8)] {
      let path = directory.path("") + FileName.text(of: name)
      let file = try OutputFile(path: path, mayReplace: false)
      try file.finish()
      #expect(FileStatus.kind(at: path) == .regular)
    }
  }
}
