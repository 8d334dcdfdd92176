internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import Handover

/// What is done where an image has no usable core header.
///
/// ```swift
/// var options = CrashDumpOptions()
/// options.fallback.mode = "refuse"
/// ```
public struct FallbackOptions: Sendable {
  /// One of ``modes``: `auto` makes a vmcore of all memory where the image is recognisably Linux,
  /// `standalone` also without a sound vmcoreinfo and where several headers are left, `refuse`
  /// never.
  public var mode = Fallback.automatic.rawValue
  /// One of ``architectures``; nil takes what the image tells.
  public var architecture: String?
  /// Where the machine had memory; empty takes what the image tells.
  public var ram: [Range<UInt64>] = []
  /// A file with the text of vmcoreinfo, used instead of one in the image.
  public var vmcoreinfoPath: String?

  /// Nothing said.
  public init() {}

  /// The values of ``mode``.
  public static let modes = Fallback.allCases.map(\.rawValue)
  /// The values of ``architecture``.
  public static let architectures = Architecture.all.map(\.name)

  func apply(to options: inout SearchOptions) throws(VMCoreError) {
    guard let fallback = Fallback(rawValue: mode) else {
      throw VMCoreError(
        .usage, "fallback '\(mode)', expected one of \(Self.modes.joined(separator: ", "))")
    }
    options.fallback = fallback
    options.ram = ram
    if let name = architecture {
      guard let known = Architecture.all.first(where: { $0.name == name }) else {
        throw VMCoreError(
          .usage,
          "architecture '\(name)', expected one of "
            + Self.architectures.joined(separator: ", "))
      }
      options.architecture = known
    }
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
