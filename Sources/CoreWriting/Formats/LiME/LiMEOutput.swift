internal import Bytes
internal import DumpRecords

/// The memory of a vmcore as a LiME file: each range behind a header with its addresses.
package enum LiMEOutput {
  /// The file, made of what the vmcore's loads show. What the image lacks has no range in it.
  package static func file(
    of plan: CorePlan, in vmcore: ELFCoreFile
  ) throws(PlanError) -> ELFCoreFile {
    let memory = try LoadedMemory(of: plan, in: vmcore)
    var list = ExtentList()
    for range in memory.ranges {
      var writer = ByteWriter(order: LiMEHeader.order, capacity: LiMEHeader.size)
      LiMEHeader(.plain, range.lowerBound...range.upperBound - 1).write(to: &writer)
      try list.append(.bytes(writer.bytes), length: UInt64(LiMEHeader.size))
      try list.append(.memory(at: range.lowerBound), length: range.length)
    }
    return ELFCoreFile(list, memory: memory.memory, name: "LiME file")
  }
}
