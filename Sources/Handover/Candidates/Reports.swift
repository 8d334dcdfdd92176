internal import Bytes
internal import CrashedKernel
internal import DumpRecords

/// The lines that `info` and the error messages print of a search.
struct Reports {
  var locators: [LocatorReport] = []
  private(set) var candidates: [CandidateReport] = []
  /// Every place that something in the image names, under the layout of the view.
  let named: [NamedPlace]

  /// Candidates that are listed at most.
  static let limit = 1000

  /// The lines of what was found under one layout; `places` are named by command lines and device
  /// trees.
  init(
    _ evidence: Evidence, in view: ImageView, named places: [NamedPlace],
    _ kexec: KexecImageLocator
  ) throws(ReadError) {
    named = places + kexec.places
    let headers = Set(try evidence.headers(in: view).map(\.address))
    for locator in [Locator.bootParameters, .deviceTree, .fadump] {
      let places = named.filter { $0.locator == locator }
      if places.isEmpty, locator != .fadump {
        locators.append(LocatorReport(locator, .absent(Reports.absence(of: locator, evidence))))
      }
      for place in places {
        locators.append(
          LocatorReport(
            locator,
            headers.contains(place.parameter.address)
              ? .found(place.parameter, by: place.by)
              : .corrupt(
                "\(place.by) names \(place.parameter.text), where no core header is")))
      }
    }
    locators.append(kexec.report)
    locators += Reports.scans(evidence, in: view)
  }

  private static func absence(of locator: Locator, _ evidence: Evidence) -> String {
    locator == .bootParameters
      ? "\(evidence.bootParameters.count) zero pages, none with elfcorehdr= on its command line"
      : "\(evidence.deviceTrees.count) device trees, none naming a core header"
  }

  private static func scans(_ evidence: Evidence, in view: ImageView) -> [LocatorReport] {
    let pages = evidence.headers.filter { $0.address % 4096 == 0 }
    let others = evidence.headers.filter { $0.address % 4096 != 0 }
    return [(Locator.pageScan, pages), (.fineScan, others)].map { locator, found in
      guard let first = found.first,
        let address = view.address(ofScanned: first.address)
      else {
        return LocatorReport(
          locator, .absent("no core header in \(evidence.scan.scannedBytes.hex) bytes of data"))
      }
      return LocatorReport(
        locator,
        .found(
          ELFCoreHeaderParameter(address: address),
          by: "\(found.count) candidates, the lowest here"))
    }
  }

  /// What the purgatory's list of regions says of the header that was chosen: before the scans.
  mutating func add(_ list: PurgatoryList?, naming address: UInt64) {
    let answer: LocatorAnswer =
      list.map {
        .found(ELFCoreHeaderParameter(address: address), by: "list at \($0.address.hex)")
      } ?? .absent("no list of regions around the header names it")
    let place = locators.firstIndex { $0.locator == .pageScan } ?? locators.endIndex
    locators.insert(LocatorReport(.purgatory, answer), at: place)
  }

  /// What names an address.
  func names(of address: UInt64) -> [NamedPlace] {
    named.filter { $0.parameter.address == address }
  }

  /// Lists the rejected candidates of a layout.
  mutating func add(_ result: ViewResult) {
    for report in result.rejected { append(report) }
  }

  /// Lists candidates that lost against another, where a rule that they break does not say it.
  mutating func note(_ rejected: [(address: UInt64, rejection: Rejection)]) {
    let listed = Set(candidates.map(\.address))
    for (address, rejection) in rejected where !listed.contains(address) {
      append(CandidateReport(address: address, rejection: rejection))
    }
  }

  /// Lists the one that was chosen, and sorts the list.
  mutating func settle(chosen: UInt64) {
    candidates.removeAll { $0.address == chosen }
    append(CandidateReport(address: chosen, rejection: nil))
    candidates.sort { $0.address < $1.address }
  }

  private mutating func append(_ report: CandidateReport) {
    guard candidates.count < Reports.limit else { return }
    var report = report
    report.namedBy = names(of: report.address).map(\.by)
    candidates.append(report)
  }

  /// The same as the payload of an error.
  func failure(choices: [Message], hint: Message? = nil) -> SearchFailure {
    SearchFailure(
      locators: locators, candidates: candidates.sorted { $0.address < $1.address },
      choices: choices,
      hint: hint
        ?? (choices.isEmpty
          ? "name it with \(.elfcorehdr)=ADDR if you know better"
          : "choose with \(.elfcorehdr)=ADDR"))
  }
}
