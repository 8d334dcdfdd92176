internal import Bytes

/// What a ``Message`` speaks of: something that was asked for, or that would help.
public enum Setting: String, CaseIterable, Sendable {
  /// ``CrashDumpOptions/segments``
  case segments
  /// ``CrashDumpOptions/base``
  case base
  /// ``CrashDumpOptions/holes``
  case holes
  /// ``CrashDumpOptions/machine``
  case machine
  /// ``CrashDumpOptions/parts``
  case parts
  /// ``CrashDumpOptions/mixesParts``
  case mixesParts
  /// ``CrashDumpOptions/isRebuilding``
  case isRebuilding
  /// ``CrashDumpOptions/oldMemory``
  case oldMemory
  /// ``CrashDumpOptions/elfcorehdr``
  case elfcorehdr
  /// ``CrashDumpOptions/state``
  case state
  /// ``CrashDumpOptions/compatibility``
  case compatibility
  /// ``CrashDumpOptions/pageSize``
  case pageSize
  /// ``CrashDumpOptions/header``
  case header
  /// ``CrashDumpOptions/selection``
  case selection
  /// ``CrashDumpOptions/isStrict``
  case isStrict
  /// ``CrashDumpOptions/embedsReIPL``
  case embedsReIPL
  /// ``CrashDumpOptions/isExact``
  case isExact
  /// ``CrashDumpOptions/verifiesDigest``
  case verifiesDigest
  /// ``FallbackOptions/mode``
  case fallback = "fallback.mode"
  /// ``FallbackOptions/architecture``
  case architecture = "fallback.architecture"
  /// ``FallbackOptions/ram``
  case ram = "fallback.ram"
  /// ``FallbackOptions/vmcoreinfoPath``
  case vmcoreinfo = "fallback.vmcoreinfoPath"
  /// ``FilterOptions/mode-swift.property``
  case filter = "filter.mode"
  /// ``OutputTarget/file(path:mayReplace:)``
  case mayReplace

  init(_ setting: Bytes.Setting) {
    self =
      switch setting {
      case .segments: .segments
      case .base: .base
      case .holes: .holes
      case .machine: .machine
      case .parts: .parts
      case .mixesParts: .mixesParts
      case .isRebuilding: .isRebuilding
      case .oldMemory: .oldMemory
      case .elfcorehdr: .elfcorehdr
      case .state: .state
      case .compatibility: .compatibility
      case .pageSize: .pageSize
      case .header: .header
      case .selection: .selection
      case .isStrict: .isStrict
      case .embedsReIPL: .embedsReIPL
      case .isExact: .isExact
      case .verifiesDigest: .verifiesDigest
      case .fallback: .fallback
      case .architecture: .architecture
      case .ram: .ram
      case .vmcoreinfo: .vmcoreinfo
      case .filter: .filter
      case .mayReplace: .mayReplace
      }
  }
}
