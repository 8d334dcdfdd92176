import Bytes
import CrashedKernel
import DumpRecords
import Handover
import MemoryImages
import TestSupport
import Testing

struct StandaloneDumpTests {
  private static let recipe =
    RunningMachine.recipe + """
      kernel-symbols 0x120000 at 0xffffffff80120000
      symbol _stext 0xffffffff80110000
      symbol _end 0xffffffff80141800
      symbol init_uts_ns 0xffffffff80140000

      """

  private static func system(
    _ memory: ImageInMemory, _ change: (inout SearchOptions) -> Void = { _ in }
  ) throws -> CrashedSystem {
    var options = SearchOptions()
    change(&options)
    return try SystemFinder.find(in: memory.image(), options)
  }

  @Test("an image without a header but with a sound vmcoreinfo gives a dump of all memory")
  func automatic() throws {
    let system = try Self.system(ImageInMemory(Self.recipe))
    #expect(system.headerAddress == nil)
    #expect(system.architecture?.name == "x86_64")
    #expect(system.vmCoreInfo?.release == "6.1.0-test")
    #expect(system.warnings.first?.text.hasPrefix("FALLBACK: ") == true)
    #expect(!system.warnings.contains { $0.isPartial })
    let loads = system.header.segments(of: .load).map(\.segment)
    #expect(loads.map(\.physicalAddress) == [0x110000, 0])
    #expect(loads.map(\.virtualAddress) == [0xffff_ffff_8011_0000, 0xffff_8880_0000_0000])
    #expect(loads.map(\.memorySize) == [0x32000, 0x400000])
  }

  @Test("--fallback=refuse makes it an error")
  func refused() throws {
    let memory = try ImageInMemory(Self.recipe)
    #expect(throws: SearchError.self) { try Self.system(memory) { $0.fallback = .refuse } }
  }

  @Test(
    "a vmcoreinfo that describes no kernel in memory is not enough",
    arguments: [
      (0x140082, "9.9"), (0x140104, "none"), (0x150018, "OSRELEASX="), (0x150000, "\u{1}"),
    ] as [(UInt64, String)])
  func unsound(place: UInt64, text: String) throws {
    let memory = try ImageInMemory(Self.recipe).writing(Array(text.utf8), at: place)
    #expect(throws: SearchError.self) { try Self.system(memory) }
  }

  @Test("--ram says where memory is, and what the image lacks makes the dump partial")
  func givenMemory() throws {
    let system = try Self.system(ImageInMemory(Self.recipe)) { options in
      options.ram = [0x300000..<0x380000, 0x100000..<0x200000]
    }
    let loads = system.header.segments(of: .load).map(\.segment)
    #expect(loads.dropFirst().map(\.physicalAddress) == [0x100000, 0x300000])
    #expect(system.producer.evidence == "built from vmcoreinfo and \(.ram)")
  }

  @Test("--fallback=standalone needs only the architecture")
  func withoutInformation() throws {
    let memory = ImageInMemory([UInt8](repeating: 7, count: 65_536))
    #expect(throws: SearchError.self) { try Self.system(memory) { $0.fallback = .standalone } }
    let system = try Self.system(memory) { options in
      options.fallback = .standalone
      options.architecture = Architecture.all.first { $0.name == "riscv64" }
    }
    #expect(system.header.header.machine == .riscv)
    #expect(system.header.segments(of: .load).map(\.segment.memorySize) == [65_536])
    #expect(system.warnings.contains { $0.text.contains("no sound VMCOREINFO note") })
  }

  @Test("--vmcoreinfo replaces a text that is not in the image")
  func givenInformation() throws {
    let sound = try ImageInMemory(Self.recipe)
    let text = try #require(try Self.system(sound).vmCoreInfo)
    let memory = sound.writing([UInt8](repeating: 0, count: 4096), at: 0x150000)
    #expect(throws: SearchError.self) { try Self.system(memory) }
    let system = try Self.system(memory) { $0.vmCoreInfo = text }
    #expect(system.vmCoreInfo?.release == "6.1.0-test")
    #expect(system.sections.last?.built?.isEmpty == false)
  }
}
