import Bytes
import CoreWriting
import TestSupport
import Testing

@Suite("The records of a flattened file")
struct FlattenedOutputTests {
  private func written(_ body: (FlattenedOutput) throws -> Void) throws -> FlattenedModel {
    let file = try OpenTestFile()
    try body(try FlattenedOutput(file.ordered()))
    return try #require(FlattenedModel(try file.bytes()))
  }

  @Test("are what is put, in that order, also where it goes back")
  func order() throws {
    let model = try written { output in
      try output.put([1, 2, 3], at: 10)
      try output.put([], at: 50)
      try output.put([4], at: 2)
      try output.finish(size: 13)
    }
    #expect(model.isWhole)
    #expect(model.records.map(\.offset) == [10, 2])
    #expect(model.content == [0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3])
  }

  @Test("are none for zeros, but the last byte that gives the file its size")
  func zeros() throws {
    let model = try written { output in
      try output.put([9], at: 0)
      output.putZeros(1..<5000)
      try output.finish(size: 5000)
    }
    #expect(model.isWhole)
    #expect(model.records.map(\.offset) == [0, 4999])
    #expect(model.content == [9] + [UInt8](repeating: 0, count: 4999))
  }

  @Test("of a run that failed end with two that makedumpfile -R refuses, and with no end")
  func failed() throws {
    let file = try OpenTestFile()
    let output = try FlattenedOutput(file.ordered())
    try output.put([7], at: 0)
    output.fail()
    output.fail()
    let bytes = try file.bytes()
    #expect(bytes.count == 4096 + 17 + 32)
    #expect(bytes.suffix(32).allSatisfy { $0 == 0 })
    #expect(FlattenedModel(bytes)?.isWhole == false)
  }
}
