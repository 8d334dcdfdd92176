internal import Bytes
package import Codecs

/// How output is compressed.
package struct Compression: Sendable {
  package var engine: DeflateEngine
  /// 0 to 9; 0 stores everything as it is.
  package var level: Int

  /// A level of an engine.
  package init(engine: DeflateEngine, level: Int) {
    self.engine = engine
    self.level = level
  }

  /// Packers for as many threads as pack at once.
  func packers(in container: DeflateContainer) -> CodecPool<any Packer> {
    CodecPool { [engine, level] in engine.packer(level: level, container: container) }
  }
}

extension CodecPool<any Packer> {
  /// Runs `body` with a packer that nobody else uses meanwhile.
  func withPacker<Result>(
    _ body: (any Packer) throws(WriteError) -> Result
  ) throws(WriteError) -> Result {
    guard let result = try with(body) else {
      throw WriteError(.failed, "there is no memory for compression")
    }
    return result
  }
}
