import Bytes
import Testing

@Suite("An error that keeps its type")
struct TypedErrorsTests {
  private struct Low: Error, Equatable {
    var number: Int
  }

  private struct High: Error, Equatable {
    var cause: Low
  }

  private func fails(_ number: Int) throws(Low) -> Int { throw Low(number: number) }

  @Test("becomes one of another layer, and a value stays as it is")
  func wrapped() throws {
    #expect(throws: High(cause: Low(number: 5))) {
      try rethrow(as: High.init(cause:), fails(5))
    }
    #expect(try rethrow(as: High.init(cause:), 7) == 7)
  }

  @Test("comes out of raw bytes, which can be written there")
  func bytes() throws {
    var bytes: [UInt8] = [1, 2, 3]
    #expect(throws: Low(number: 3)) {
      try bytes.withBytes { buffer throws(Low) in try fails(buffer.count) }
    }
    #expect(throws: Low(number: 1)) {
      try bytes.withMutableBytes { buffer throws(Low) in
        buffer[2] = 9
        return try fails(Int(buffer[0]))
      }
    }
    #expect(bytes.withBytes { $0[2] } == 9)
  }
}
