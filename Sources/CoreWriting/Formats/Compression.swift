internal import Bytes
package import Codecs

/// How output is compressed.
package struct Compression: Sendable {
  /// What a page becomes; a gzip file is always deflated.
  package var form: PackedForm
  /// What deflates.
  package var engine: DeflateEngine
  /// A level of the form; 0 stores everything as it is.
  package var level: Int

  /// A level of a form.
  package init(engine: DeflateEngine, level: Int, form: PackedForm = .zlib) {
    self.form = form
    self.engine = engine
    self.level = level
  }

  /// Packers of gzip members for as many threads as pack at once.
  func gzipPackers() -> CodecPool<any Packer> {
    CodecPool { [engine, level] in engine.packer(level: level, container: .gzip) }
  }

  /// Packers of pages for as many threads as pack at once; nil where pages are stored as they are.
  func pagePackers(pageSize: UInt64) -> CodecPool<any Packer>? {
    guard level > 0 else { return nil }
    return CodecPool { [form, engine, level] in
      form.packer(level: level, engine: engine, largest: Int(pageSize))
    }
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
