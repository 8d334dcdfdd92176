/// What kernels of a release tell of their struct pages, for machines that tests make.
package struct PageForm: Sendable {
  /// `uname -r`
  package var release: String
  /// Numbers of page flags.
  var flags: [String: Int]
  /// Values of `_mapcount` that say what a page is.
  package var types: [String: Int64]
  /// Where the order of a compound page stands.
  var order: Order
  /// How pages of hugetlbfs are told.
  var hugeTLB: HugeTLB
  /// The key of the word that marks tails; nil before Linux 4.6.
  var tailKey: String?
  /// Whether free pages are told by struct pages, else by lists.
  var hasBuddyType: Bool
  /// Whether vmcoreinfo has `NUMBER(PG_head_mask)`.
  var tellsHead: Bool
  /// Whether vmcoreinfo has the numbers that never changed before Linux 3.9.
  var tellsOldNumbers = true

  enum Order: Sendable { case listPrevious, half, byte, folioByte, flags, none }
  enum HugeTLB: Sendable { case none, address, number, folioNumber, flag, type }

  /// The bits of Linux 2.6.25 to 3.8.
  private static let oldFlags = [
    "lru": 5, "slab": 7, "reserved": 10, "private": 11, "head": 14, "swapcache": 15,
    "swapbacked": 17,
  ]
  private static let middleFlags = [
    "lru": 4, "slab": 9, "swapcache": 10, "reserved": 12, "private": 13, "head": 16,
    "swapbacked": 19, "hwpoison": 23,
  ]
  private static let newFlags = [
    "lru": 5, "head": 6, "waiters": 7, "swapcache": 10, "reserved": 13, "private": 14,
    "swapbacked": 17, "hwpoison": 21,
  ]
  private static func topBytes(hasUnaccepted: Bool) -> [String: Int64] {
    var types: [String: Int64] = [
      "BUDDY": -268_435_456, "OFFLINE": -251_658_240, "HUGETLB": -201_326_592,
      "SLAB": -184_549_376,
    ]
    if hasUnaccepted { types["UNACCEPTED"] = -150_994_944 }
    return types
  }

  /// Each form that a kernel has had, oldest first.
  package static let all: [PageForm] = [
    PageForm(
      release: "2.6.39", flags: oldFlags, types: [:], order: .listPrevious, hugeTLB: .none,
      tailKey: nil, hasBuddyType: false, tellsHead: false, tellsOldNumbers: false),
    PageForm(
      release: "3.10.0", flags: oldFlags, types: ["BUDDY": -128], order: .listPrevious,
      hugeTLB: .none, tailKey: nil, hasBuddyType: true, tellsHead: false),
    PageForm(
      release: "3.18.9", flags: oldFlags, types: ["BUDDY": -128], order: .listPrevious,
      hugeTLB: .address, tailKey: nil, hasBuddyType: true, tellsHead: true),
    PageForm(
      release: "4.4.1", flags: oldFlags, types: ["BUDDY": -128], order: .none,
      hugeTLB: .none, tailKey: nil, hasBuddyType: true, tellsHead: true),
    PageForm(
      release: "4.9.0-8-amd64", flags: oldFlags, types: ["BUDDY": -128], order: .half,
      hugeTLB: .number, tailKey: "compound_head", hasBuddyType: true, tellsHead: true),
    PageForm(
      release: "4.19.3", flags: middleFlags, types: ["BUDDY": -129], order: .byte,
      hugeTLB: .number, tailKey: "compound_head", hasBuddyType: true, tellsHead: true),
    PageForm(
      release: "6.1.0", flags: middleFlags, types: ["BUDDY": -129, "OFFLINE": -257],
      order: .byte, hugeTLB: .number, tailKey: "compound_head", hasBuddyType: true,
      tellsHead: true),
    PageForm(
      release: "6.4.7", flags: middleFlags, types: ["BUDDY": -129, "OFFLINE": -257],
      order: .folioByte, hugeTLB: .folioNumber, tailKey: "compound_head", hasBuddyType: true,
      tellsHead: true),
    PageForm(
      release: "6.6.0", flags: middleFlags, types: ["BUDDY": -129, "OFFLINE": -257],
      order: .flags, hugeTLB: .flag, tailKey: "compound_head", hasBuddyType: true,
      tellsHead: true),
    PageForm(
      release: "6.8.12", flags: middleFlags, types: ["BUDDY": -129], order: .flags,
      hugeTLB: .none, tailKey: "compound_head", hasBuddyType: true, tellsHead: true),
    PageForm(
      release: "6.9.1", flags: middleFlags,
      types: ["BUDDY": -129, "OFFLINE": -257, "HUGETLB": -2049], order: .flags, hugeTLB: .type,
      tailKey: "compound_head", hasBuddyType: true, tellsHead: true),
    PageForm(
      release: "6.10.2", flags: newFlags,
      types: ["BUDDY": -1025, "OFFLINE": -2049, "HUGETLB": -8193, "SLAB": -4097],
      order: .flags, hugeTLB: .type, tailKey: "compound_head", hasBuddyType: true,
      tellsHead: true),
    PageForm(
      release: "6.12.117", flags: newFlags, types: topBytes(hasUnaccepted: false), order: .flags,
      hugeTLB: .type, tailKey: "compound_head", hasBuddyType: true, tellsHead: true),
    PageForm(
      release: "6.16.0", flags: newFlags, types: topBytes(hasUnaccepted: true), order: .flags,
      hugeTLB: .type, tailKey: "compound_head", hasBuddyType: true, tellsHead: true),
    PageForm(
      release: "7.1.0-rc3", flags: newFlags, types: topBytes(hasUnaccepted: true), order: .flags,
      hugeTLB: .type, tailKey: "compound_info", hasBuddyType: true, tellsHead: true),
  ]
}
