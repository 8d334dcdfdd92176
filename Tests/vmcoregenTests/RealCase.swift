import Foundation
import TestSupport

/// A real crash of `../shared/images/cases.json`.
struct RealCase: Decodable, Sendable {
  struct Core: Decodable, Sendable {
    var size: UInt64
    var sha256: String
    /// Offsets of pages that cannot be equal; `sha256_masked` is the sum with these zeroed.
    var differs: [UInt64]?
    var sha256_masked: String?
  }

  private struct Document: Decodable { var cases: [RealCase] }

  var name: String
  var image: String
  var machine: String
  /// The release of its kernel, where the list tells it.
  var kernel: String?
  var vmcore: Core?

  /// The unpacked image.
  var path: String { (Checkout.images ?? "") + "/" + image }

  /// The cases of the list.
  static let listed: [RealCase] = {
    guard let shared = Checkout.shared, Checkout.images != nil,
      let data = FileManager.default.contents(atPath: shared + "/images/cases.json"),
      let document = try? JSONDecoder().decode(Document.self, from: data)
    else { return [] }
    return document.cases
  }()

  /// Those whose images are unpacked.
  static let all = listed.filter { FileManager.default.fileExists(atPath: $0.path) }

  /// Those with a vmcore.
  static let judged = all.filter { $0.vmcore != nil }

  static let isAvailable = !all.isEmpty || OutsideTool.isRequired
  static let absence =
    "the real images are not there: VMCOREGEN_IMAGES must name the folder where "
    + "../shared/images/unpack put them"
}
