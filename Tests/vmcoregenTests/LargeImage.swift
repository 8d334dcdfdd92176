import Foundation
import TestSupport

/// Images that are large without taking room: a recipe's machine with more RAM.
enum LargeImage {
  /// An x86_64 machine with RAM up to `size`, which is a hole but for some pages.
  ///
  /// - Parameter stored: bytes of it that are data beside those.
  static func recipe(size: UInt64, stored: UInt64 = 0) -> String {
    """
    arch x86_64
    ram 0x1000-0x9fc00
    ram 0x100000-\(size)
    fill 0x110000-0x114000 random 1
    fill \(size - 0x10000)-\(size - 0x1000) random 2
    crash 0x1000000-0x1400000
    cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=7
    cpu 1 running pc=0xffffffff81054321 sp=0xffffc90000203e48 pid=8
    osrelease 6.12.9-amd64
    crashtime 1710000000
    info SYMBOL(_stext)=ffffffff81000000
    info SYMBOL(swapper_pg_dir)=ffffffff82610000
    producer kernel
    header 0x1000000
    moment after
    name-by boot-params 0x1010000
    """ + (stored > 0 ? "\nfill 0x2000000-\(0x200_0000 + stored) random 3" : "")
  }

  /// Writes it.
  @discardableResult
  static func add(
    to scratch: TemporaryDirectory, size: UInt64, stored: UInt64 = 0
  ) throws -> BuiltImage {
    let image = try ImageBuilder.build(parsing: recipe(size: size, stored: stored))
    try image.write(to: scratch.path("image.bin"))
    return image
  }
}
