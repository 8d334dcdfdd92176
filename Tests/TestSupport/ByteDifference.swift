/// How two long byte strings differ, in one line; nil if they do not. (To expect them to be equal
/// makes a failing test search for the smallest edit between them, which takes for ever.)
package func difference(_ found: [UInt8], _ expected: [UInt8]) -> String? {
  if found == expected { return nil }
  let common = min(found.count, expected.count)
  let place = (0..<common).first { found[$0] != expected[$0] } ?? common
  return "\(found.count) bytes, expected \(expected.count); first difference at \(place)"
}
