internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import Handover

/// What is done where an image has no usable core header.
///
/// ```swift
/// var options = CrashDumpOptions()
/// options.fallback.mode = .refuse
/// ```
public struct FallbackOptions: Sendable {
  /// What is done.
  public enum Mode: String, Sendable, CaseIterable {
    /// A vmcore of all memory is made where the image is recognisably Linux.
    case automatic = "auto"
    /// The same also without a sound vmcoreinfo, and where several headers are left.
    case standalone
    /// Nothing: it is an error.
    case refuse
  }

  /// What is done.
  public var mode = Mode.automatic
  /// The machine's architecture; nil takes what the image tells.
  public var architecture: Architecture?
  /// Where the machine had memory; empty takes what the image tells.
  public var ram: [Range<UInt64>] = []
  /// A file with the text of vmcoreinfo, used instead of one in the image.
  public var vmcoreinfoPath: String?

  /// Nothing said.
  public init() {}

  /// The files that it names, none of which an output may replace.
  var files: [FileIdentity] { [vmcoreinfoPath.flatMap(FileStatus.identity)].compactMap { $0 } }

  func apply(to options: inout SearchOptions) throws(VMCoreError) {
    options.fallback = Fallback(mode)
    options.ram = ram
    options.architecture = architecture?.known
    if let path = vmcoreinfoPath {
      options.vmCoreInfo = try FallbackOptions.information(at: path)
    }
  }

  private static func information(at path: String) throws(VMCoreError) -> VMCoreInfo {
    let file: FileSource
    do throws(OpenError) {
      file = try FileSource(path: path)
    } catch {
      throw VMCoreError(.cannotOpen, error.description)
    }
    guard file.size > 0, file.size <= UInt64(VMCoreInfo.largestText) else {
      throw VMCoreError(
        .unusable,
        "\(path): holds \(file.size) bytes, expected 1 to \(VMCoreInfo.largestText) of vmcoreinfo")
    }
    let information: VMCoreInfo
    do throws(ReadError) {
      information = VMCoreInfo(try file.bytes(at: 0, count: Int(file.size)))
    } catch {
      throw VMCoreError(.readFailed, error.description)
    }
    guard let fault = information.fault else { return information }
    throw VMCoreError(.unusable, "\(path): no vmcoreinfo: \(fault)")
  }
}

extension Fallback {
  init(_ mode: FallbackOptions.Mode) {
    self =
      switch mode {
      case .automatic: .automatic
      case .standalone: .standalone
      case .refuse: .refuse
      }
  }
}
