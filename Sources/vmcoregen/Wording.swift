import VMCore

/// How the program says what the library says: settings have the names of its options.
enum Wording {
  /// The text of a message.
  static func text(_ message: Message) -> String { message.text(naming: option) }

  /// What an option is called.
  static func option(_ setting: Setting) -> String {
    switch setting {
    case .segments: "--segment"
    case .base: "--base"
    case .holes: "--hole"
    case .machine: "--machine"
    case .parts: "--part"
    case .mixesParts: "--force-parts"
    case .isRebuilding: "--rebuild"
    case .oldMemory: "--old-memory"
    case .elfcorehdr: "--elfcorehdr"
    case .state: "--state"
    case .compatibility: "--compat"
    case .pageSize: "--page-size"
    case .header: "--header"
    case .selection: "--select"
    case .isStrict: "--strict"
    case .embedsReIPL: "--embed-reipl"
    case .isExact: "--exact"
    case .verifiesDigest: "--verify"
    case .fallback: "--fallback"
    case .architecture: "--arch"
    case .ram: "--ram"
    case .vmcoreinfo: "--vmcoreinfo"
    case .filter: "--filter"
    case .mayReplace: CollectorName.current == nil ? "--force" : "-f"
    }
  }
}
