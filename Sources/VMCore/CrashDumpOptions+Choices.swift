internal import CoreWriting
internal import CrashedKernel
internal import Handover
internal import MemoryImages

extension CrashDumpOptions {
  /// A file, or a part of one, as memory at an address.
  public struct Segment: Equatable, Sendable {
    /// The file.
    public var path: String
    /// Physical address of its first byte that is taken.
    public var address: UInt64
    /// Bytes that are taken; nil takes the rest of the file.
    public var length: UInt64?
    /// Offset in the file of the first byte that is taken.
    public var offset: UInt64

    /// A part of a file, or by default all of it.
    public init(path: String, address: UInt64, length: UInt64? = nil, offset: UInt64 = 0) {
      self.path = path
      self.address = address
      self.length = length
      self.offset = offset
    }

    /// Reads `FILE@ADDR[:LENGTH[:OFFSET]]`; the last `@` ends the file's name.
    public init(parsing text: String) throws(VMCoreError) {
      do throws(ImageError) {
        let segment = try SegmentSpecification(text)
        self.init(
          path: segment.path, address: segment.address, length: segment.length,
          offset: segment.offset)
      } catch {
        throw VMCoreError(error)
      }
    }
  }

  /// A format of images, by its name in the manual in small letters, with hyphens.
  public struct InputFormat: RawRepresentable, Hashable, Sendable, CaseIterable {
    /// Its name.
    public let rawValue: String

    /// The format of a name; nil where no such is read.
    public init?(rawValue: String) {
      guard InputFormat.allCases.contains(where: { $0.rawValue == rawValue }) else { return nil }
      self.rawValue = rawValue
    }

    private init(_ known: ImageFormat) {
      rawValue = known.option
    }

    /// Every format that is read.
    public static let allCases = ImageFormat.readable.map { InputFormat($0) }

    /// What reads it.
    var known: ImageFormat? { ImageFormat.readable.first { $0.option == rawValue } }
  }

  /// A QEMU machine whose file of memory leaves out the PCI hole below 4 GiB.
  public enum Machine: String, Sendable, CaseIterable {
    /// i440FX.
    case pc
    /// Q35.
    case q35
    /// The machine without PCI.
    case microvm
  }

  /// Whether the purgatory, the program between the two kernels, has run.
  public enum State: String, Sendable, CaseIterable {
    /// What the backup region tells.
    case automatic = "auto"
    /// It has not: low memory lies where the crashed kernel had it.
    case before = "pre"
    /// It has: low memory lies in the backup region.
    case after = "post"
  }

  /// Where the core header comes from.
  public enum HeaderSource: String, Sendable, CaseIterable {
    /// What a second kernel of the crashed one's release does.
    case automatic = "auto"
    /// It is looked for in memory.
    case image
    /// It is built, as the second kernel of s390x does.
    case build
  }

  /// Whose memory a vmcore shows.
  public enum Selection: String, Sendable, CaseIterable {
    /// The crashed kernel's.
    case production
    /// The second kernel's own.
    case kdump
    /// Everything as it lies.
    case all
  }
}

/// A layout of `/proc/vmcore`, named by the first kernel that has it.
public enum Compatibility: String, Sendable, CaseIterable {
  /// Before Linux 3.11: nothing is padded to pages.
  case before3_11 = "pre-3.11"
  /// Linux 3.11 to 6.4: header, notes and loads are padded to pages.
  case since3_11 = "3.11"
  /// Since Linux 6.5 the merged notes are aligned to 4 bytes.
  case since6_5 = "6.5"
}

/// A machine's architecture, as `uname -m` prints it.
public struct Architecture: RawRepresentable, Hashable, Sendable, CaseIterable {
  /// Its name.
  public let rawValue: String

  /// The architecture of a name; nil where no such is known.
  public init?(rawValue: String) {
    guard Architecture.allCases.contains(where: { $0.rawValue == rawValue }) else { return nil }
    self.rawValue = rawValue
  }

  init(_ known: CrashedKernel.Architecture) {
    rawValue = known.name
  }

  /// Every architecture that is known.
  public static let allCases = CrashedKernel.Architecture.all.map(Architecture.init)

  /// What is known of it.
  var known: CrashedKernel.Architecture? {
    CrashedKernel.Architecture.all.first { $0.name == rawValue }
  }
}

// Each choice as the layer below takes it: switches without default, so that none is forgotten.

extension SegmentSpecification {
  init(_ segment: CrashDumpOptions.Segment) {
    self.init(
      path: segment.path, address: segment.address, length: segment.length,
      offset: segment.offset)
  }
}

extension MachinePreset {
  init(_ machine: CrashDumpOptions.Machine) {
    self =
      switch machine {
      case .pc: .pc
      case .q35: .q35
      case .microvm: .microvm
      }
  }
}

extension MomentOption {
  init(_ state: CrashDumpOptions.State) {
    self =
      switch state {
      case .automatic: .automatic
      case .before: .before
      case .after: .after
      }
  }
}

extension Handover.HeaderSource {
  init(_ source: CrashDumpOptions.HeaderSource) {
    self =
      switch source {
      case .automatic: .automatic
      case .image: .image
      case .build: .build
      }
  }
}

extension Handover.Selection {
  init(_ selection: CrashDumpOptions.Selection) {
    self =
      switch selection {
      case .production: .production
      case .kdump: .kdump
      case .all: .all
      }
  }
}

extension CoreWriting.Compatibility {
  init(_ compatibility: Compatibility) {
    self =
      switch compatibility {
      case .before3_11: .before3_11
      case .since3_11: .since3_11
      case .since6_5: .since6_5
      }
  }
}

extension Compatibility {
  init(_ compatibility: CoreWriting.Compatibility) {
    self =
      switch compatibility {
      case .before3_11: .before3_11
      case .since3_11: .since3_11
      case .since6_5: .since6_5
      }
  }
}
