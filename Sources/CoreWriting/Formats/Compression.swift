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
}
