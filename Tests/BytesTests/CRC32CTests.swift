import Bytes
import TestSupport
import Testing

@Suite("CRC-32C")
struct CRC32CTests {
  @Test("is the known one, by the processor's instruction and by tables")
  func known() {
    for (bytes, sum) in [
      (Array("123456789".utf8), 0xe306_9283), ([], 0),
      ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
      ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43), (Array(0..<32), 0x46dd_794e),
    ] as [([UInt8], UInt32)] {
      bytes.withUnsafeBytes {
        #expect(CRC32C.sum(of: $0) == sum)
        #expect(CRC32C.tableSum(of: $0) == sum)
      }
    }
  }

  @Test("of any length is that of a model")
  func lengths() {
    var generator = SeededGenerator(seed: 2)
    let bytes = (0..<100).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    for count in 0...100 {
      let part = Array(bytes[..<count])
      let sums = part.withUnsafeBytes { (CRC32C.sum(of: $0), CRC32C.tableSum(of: $0)) }
      #expect(sums == (SnappyModel.checksum(part), SnappyModel.checksum(part)))
    }
  }
}
