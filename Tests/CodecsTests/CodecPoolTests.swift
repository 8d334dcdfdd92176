import Codecs
import Testing

@Suite("A pool of codecs")
struct CodecPoolTests {
  private final class Codec: Sendable {}
  private struct Failure: Error {}

  @Test("uses one again after another, also after an error")
  func reuse() throws {
    let pool = CodecPool { Codec() }
    let first = pool.with { ObjectIdentifier($0) }
    #expect(throws: Failure.self) { try pool.with { _ in throw Failure() } }
    #expect(pool.with { ObjectIdentifier($0) } == first)
  }

  @Test("gives whoever asks meanwhile another one")
  func meanwhile() {
    let pool = CodecPool { Codec() }
    pool.with { first in
      pool.with { second in #expect(first !== second) }
    }
  }

  @Test("answers nil where none can be made")
  func none() {
    let pool = CodecPool<Codec> { nil }
    #expect(pool.with { _ in true } == nil)
  }
}
