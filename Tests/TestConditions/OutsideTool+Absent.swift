// A release is built without the library of tests.
#if canImport(Testing)
import TestSupport
import Testing

extension OutsideTool {
  /// Skips a test by name, or fails it where every tool must be there.
  package static func absent(_ name: String) throws {
    if isRequired {
      Issue.record("\(name) is not installed, and VMCOREGEN_REQUIRE_TOOLS=1 says it must be")
    } else {
      try Test.cancel("\(name) is not installed")
    }
  }
}
#endif
