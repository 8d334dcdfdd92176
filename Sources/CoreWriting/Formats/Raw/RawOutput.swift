internal import Bytes

/// The memory of a vmcore as it is: address = offset. What no load has is a hole.
package enum RawOutput {
  /// The file, made of what the vmcore's loads show.
  package static func file(
    of plan: CorePlan, in vmcore: ELFCoreFile
  ) throws(PlanError) -> ELFCoreFile {
    let memory = try LoadedMemory(of: plan, in: vmcore)
    var list = ExtentList()
    for range in memory.ranges {
      try list.append(.zeros, length: range.lowerBound - list.end)
      try list.append(.memory(at: range.lowerBound), length: range.length)
    }
    guard list.end <= UInt64(Int64.max) else {
      throw PlanError("memory ends at \(list.end.hex): no file has an offset for it")
    }
    return ELFCoreFile(list, memory: memory.memory, name: "raw memory")
  }
}
