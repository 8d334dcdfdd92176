/// A name under which the program follows another one's command line.
enum CollectorName: String, CaseIterable {
  case makedumpfile
  case vmcoreDmesg = "vmcore-dmesg"

  /// The name that this program was called by; nil where that is its own.
  static let current = CommandLine.arguments.first.flatMap(CollectorName.init(calledAs:))

  /// The name that a program was called by; nil where that is its own.
  init?(calledAs path: String) {
    self.init(rawValue: path.split(separator: "/").last.map(String.init) ?? path)
  }

  /// What a command line asks for.
  func run(_ words: [String]) throws(CollectorError) -> CollectorRun {
    switch self {
    case .makedumpfile: return try MakedumpfileLanguage.run(words)
    case .vmcoreDmesg:
      guard let name = words.first, words.count == 1, name == "-" || !name.hasPrefix("-") else {
        throw CollectorError("expected the name of a vmcore: vmcore-dmesg VMCORE > LOG")
      }
      return CollectorRun(steps: [.init(arguments: ["dmesg", "--quiet", name])])
    }
  }
}
