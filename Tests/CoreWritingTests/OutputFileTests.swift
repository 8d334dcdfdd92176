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
}
