import Foundation
import TestSupport

/// Writes the small dump files that a fuzz target begins with.
@main
enum MakeDumps {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard arguments.count == 3, let files = files(of: arguments[0], memory: arguments[2]) else {
      fail(
        "usage: make-dumps elfcore|kdump|flattened|lime|packed|pagecodecs|kerneltypes|kernelpages "
          + "FOLDER MEMORY", status: 64
      )
    }
    do {
      for (name, bytes) in files {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(arguments[1])/\(name)"))
      }
    } catch {
      fail("make-dumps: \(error)", status: 73)
    }
  }

  private static func files(of target: String, memory: String) -> [String: [UInt8]]? {
    switch target {
    case "elfcore":
      var files = SmallDumps.elf.files
      files["hypervisor"] = (FileManager.default.contents(atPath: memory)).map {
        SmallDumps.hypervisor(of: [UInt8]($0))
      }
      return files
    case "kdump":
      var files = SmallDumps.kdump.files
      for (name, first) in files where name.hasSuffix("-split") {
        guard let second = files["\(name)-rest"] else { continue }
        files["\(name)-both"] = SmallDumps.pair(first, second)
      }
      return files
    case "kerneltypes":
      return [
        "little": [0] + TypesModel(TypesModel.sample, order: .little).bytes(),
        "big": [1] + TypesModel(TypesModel.sample, order: .big).bytes(),
      ]
    case "kernelpages":
      let numbers = ["x86_64": 0, "i386": 1, "ppc64": 4, "ppc64le": 5, "s390x": 12]
      return Dictionary(
        uniqueKeysWithValues: SmallPages.kinds.map { kind in
          (kind.name, [UInt8(numbers[kind.name] ?? 0)] + SmallPages.bytes(kind))
        })
    case "flattened": return SmallDumps.flattened.files
    case "packed": return PackedFileModel.smallFiles
    case "pagecodecs": return pages
    case "lime": return SmallDumps.lime.files.merging(SmallDumps.avml.files) { $1 }
    case "vmware": return SmallDumps.vmware.files
    case "savevm": return SmallDumps.savevm.files
    case "xen": return SmallDumps.xen.files
    case "snapshots": return SmallDumps.snapshots.files
    case "s390": return SmallDumps.s390.files
    case "lkcd": return SmallDumps.lkcd.files
    case "sadump": return SmallDumps.sadump.files
    default: return nil
    }
  }

  /// A packed page behind the byte that chooses its form.
  private static var pages: [String: [UInt8]] {
    let page = SmallDumps.page(1, 300) + SmallDumps.page(2, 3796)
    return ["lzo": [0] + LZOModel.stream(page), "snappy": [1] + SnappyModel.block(page)]
  }

  private static func fail(_ message: String, status: Int32) -> Never {
    FileHandle.standardError.write(Data((message + "\n").utf8))
    exit(status)
  }
}
