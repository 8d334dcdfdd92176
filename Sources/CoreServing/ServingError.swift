/// Files cannot be shown through FUSE; the text says why.
package struct ServingError: Error, Equatable, CustomStringConvertible {
  package var description: String

  init(_ description: String) {
    self.description = description
  }
}
