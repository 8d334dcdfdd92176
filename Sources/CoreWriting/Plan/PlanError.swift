/// No vmcore can be made of a header; the text says what stands in the way and what to do.
package struct PlanError: Error, Equatable, CustomStringConvertible {
  package var description: String

  init(_ description: String) {
    self.description = description
  }
}
