import Foundation
import TestSupport

/// Images whose memory does not pack, so that every form of output is as long as the vmcore.
enum DenseImage {
  /// 400 KiB of memory, most of it random.
  private static let small = """
    arch x86_64
    ram 0x1000-0x20000
    ram 0x100000-0x184000
    fill 0x100000-0x144000 random 1
    crash 0x144000-0x184000
    cpu 0 running pc=0xffffffff81012345 sp=0xffffc90000003e48 pid=7
    osrelease 6.12.9-amd64
    crashtime 1710000000
    info SYMBOL(_stext)=ffffffff81000000
    info SYMBOL(swapper_pg_dir)=ffffffff82610000
    producer kernel
    header 0x144000
    moment after
    name-by boot-params 0x154000
    """

  /// Where the large one has random bytes.
  private static let randomStart: UInt64 = 0x20_0000
  private static let random: Data = {
    var generator = SeededGenerator(seed: 45)
    return (0..<1 << 19).map { _ in generator.next() }.withUnsafeBytes { Data($0) }
  }()

  /// Writes the small one.
  static func addSmall(to scratch: TemporaryDirectory) throws {
    try ImageBuilder.build(parsing: small).write(to: scratch.path("image.bin"))
  }

  /// Writes one with 4 MiB of random bytes in 24 MiB.
  static func addLarge(to scratch: TemporaryDirectory) throws {
    try LargeImage.add(to: scratch, size: 24 << 20)
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.path("image.bin")))
    try file.seek(toOffset: randomStart)
    try file.write(contentsOf: random)
    try file.close()
  }
}
