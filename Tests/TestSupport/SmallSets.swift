/// Small sets of files, of which one holds the memory and the others say where that lies.
package struct SmallSets: Sendable {
  /// The file that holds memory.
  package let memory: (name: String, bytes: [UInt8])
  /// What is beside it.
  package let others: [(name: String, bytes: [UInt8])]

  /// Names of the sets.
  package static let names = all.keys.sorted()

  /// The sets, by name.
  package static let all: [String: SmallSets] = {
    let parts = SmallDumps.parts
    let vmware = VMwareModel(parts)
    // What a .guest file counts begins at 0.
    let guest = VMwareModel([MemoryPart(0, parts[0].bytes), MemoryPart(0x8000, parts[1].bytes)])
    let ranges = parts.map { "{\"gpa\":\($0.address),\"length\":\($0.bytes.count)}" }
    let state =
      "{\"snapshots\":{\"m\":{\"snapshot_data\":{\"data\":[\(ranges.joined(separator: ","))]}}}}"
    let list = "1 0x8000 4096 \"DDR\" DDRCS1_0.BIN\r\n1 0x1000 8192 \"DDR\" DDRCS0_0.BIN\r\n"
    return [
      "VMware state": SmallSets(
        memory: ("vm.vmem", vmware.memory), others: [("vm.vmss", vmware.state)]),
      "VMware guest": SmallSets(
        memory: ("debug.vmem", guest.memory), others: [("debug.guest", guest.guest(version: 5))]),
      "cloud-hypervisor": SmallSets(
        memory: ("memory-ranges", parts.joined), others: [("state.json", Array(state.utf8))]),
      "RAM dump": SmallSets(
        memory: ("DDRCS0_0.BIN", parts[0].bytes),
        others: [("DDRCS1_0.BIN", parts[1].bytes), ("dump_info.txt", Array(list.utf8))]),
    ]
  }()
}
