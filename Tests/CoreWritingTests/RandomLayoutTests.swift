import Bytes
import CoreWriting
import CrashedKernel
import DumpRecords
@testable import Handover
import MemoryImages
import TestSupport
import Testing

@Suite("Random core headers against the model of the second kernel")
struct RandomLayoutTests {
  /// Bytes in memory.
  private struct ArraySource: ByteSource {
    let name = "random memory"
    let bytes: [UInt8]
    var size: UInt64 { UInt64(bytes.count) }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
      guard offset < size else { return 0 }
      let part = bytes[Int(offset)..<Int(min(size, offset + UInt64(buffer.count)))]
      buffer.copyBytes(from: part)
      return part.count
    }
  }

  /// What the program makes of a random header: the vmcore, or why there is none.
  private static func program(_ random: RandomHeader) throws -> Result<ELFCoreFile, PlanFailure> {
    let source = ArraySource(bytes: random.memory)
    let memory = try PhysicalMemory(regions: [
      MemoryRegion(range: 0..<source.size, source: source, offset: 0)
    ])
    var search = SearchOptions()
    search.moment = .after
    var options = PlanOptions()
    options.pageSize = random.pageSize
    options.compatibility = Compatibility(rawValue: random.compat.rawValue)
    options.isExact = random.exact
    let system = try Self.system(headerAt: random.address, in: memory, search)
    do throws(PlanError) {
      return .success(ELFCoreFile(try CorePlan(for: system, options), memory: system.oldMemory))
    } catch {
      return .failure(PlanFailure(text: error.description))
    }
  }

  /// What a core header at a known place says of a memory, whatever rules it breaks.
  static func system(
    headerAt address: UInt64, in memory: PhysicalMemory, _ options: SearchOptions
  ) throws -> CrashedSystem {
    switch try CoreHeaderReading(at: address, in: memory) {
    case .refused(let reason), .cutOff(let reason): throw SearchError.corrupt("\(reason)")
    case .header(let header):
      let examination = try CandidateExamination(
        header, at: address, in: memory, holding: memory.present, everything: true)
      return try FoundHeader(memory: memory, layout: .identity, examination: examination)
        .system(options, beside: nil)
    }
  }

  private struct PlanFailure: Error {
    let text: String
  }

  private static func words(for refusal: LayoutModel.Refusal) -> String {
    switch refusal {
    case .noNotes: "the core header has no PT_NOTE"
    case .notesNotFirst: "expected its"
    case .impossibleLoad: "is no range of memory"
    case .tooLarge: "beyond what 32 bits can say"
    case .notAHeader, .noProgramHeaders: "the ELF header"
    }
  }

  @Test("Each gives the same bytes, or the same refusal", arguments: 0..<20)
  func agree(_ block: Int) throws {
    for seed in UInt64(block) * 100..<UInt64(block) * 100 + 100 {
      let random = RandomHeaders.header(seed: seed)
      let expected: [UInt8]
      do throws(LayoutModel.Refusal) {
        expected = try random.expectedVMCore()
      } catch {
        if error == .noProgramHeaders {
          #expect(throws: SearchError.self, "seed \(seed)") { try Self.program(random) }
          continue
        }
        guard case .failure(let failure) = try Self.program(random) else {
          Issue.record("seed \(seed): the model refuses (\(error)), the program does not")
          continue
        }
        #expect(failure.text.contains(Self.words(for: error)), "seed \(seed): \(failure.text)")
        continue
      }
      let file = try Self.program(random).get()
      let bytes = try file.bytes(at: 0, count: Int(file.size))
      #expect(difference(bytes, expected) == nil, "seed \(seed)")
    }
  }

  @Test("A read at any offset is the slice of the whole")
  func slices() throws {
    for seed in UInt64(5000)..<5100 {
      let random = RandomHeaders.header(seed: seed)
      guard case .success(let file)? = try? Self.program(random) else { continue }
      let whole = try file.bytes(at: 0, count: Int(file.size))
      var generator = SeededGenerator(seed: seed)
      for _ in 0..<20 {
        let offset = Int.random(in: 0...whole.count, using: &generator)
        let count = Int.random(in: 0...0x3000, using: &generator)
        let part = try file.bytes(at: UInt64(offset), count: count)
        #expect(
          difference(part, Array(whole[offset..<min(whole.count, offset + count)])) == nil,
          "seed \(seed), offset \(offset), \(count) bytes")
      }
      var offset: UInt64 = 0
      while offset < file.size {
        let extent = file.extent(at: offset)
        #expect(extent.end > offset && extent.end <= file.size, "seed \(seed)")
        if extent.isHole {
          #expect(whole[Int(offset)..<Int(extent.end)].allSatisfy { $0 == 0 }, "seed \(seed)")
        }
        offset = max(extent.end, offset + 1)
      }
    }
  }
}
