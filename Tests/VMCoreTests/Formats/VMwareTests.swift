import Foundation
import TestSupport
import Testing
import VMCore

@Suite("VMware's files give the vmcore of the raw image")
struct VMwareTests {
  @Test("Memory inside the state file", arguments: FormatRecipe.names)
  func inside(_ name: String) throws {
    let recipe = try FormatRecipe(name)
    var model = VMwareModel(recipe.ranges(of: 0x40000))
    model.holdsMemory = true
    let report = try recipe.expectVMCore(of: model.state, named: "vm.vmss")
    #expect(report.image.format == "VMware state")
    #expect(!report.warningTexts.contains { $0.contains("region") })
  }

  @Test(
    "Every mark of a state file", arguments: [0xbed0_bed0, 0xbed3_bed3, 0xbad1_bad1] as [UInt64])
  func marks(_ id: UInt64) throws {
    let recipe = try FormatRecipe("readme")
    var model = VMwareModel(recipe.parts)
    model.id = id
    model.holdsMemory = true
    model.hasRegions = false
    try recipe.expectVMCore(of: model.state)
  }

  @Test(
    "The memory file finds the state beside it, and the other way round",
    arguments: ["vm.vmem", "vm.vmsn"])
  func beside(_ opened: String) throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    // Regions whose order in the file is another than in memory.
    let model = VMwareModel(recipe.ranges(of: 0x50000).reversed())
    try recipe.directory.file(model.memory, named: "vm.vmem")
    try recipe.directory.file(model.state, named: "vm.vmsn")
    let report = try recipe.expectVMCore(of: recipe.directory.path(opened))
    #expect(report.image.notices.count == 1)
    #expect(report.image.notices.first?.contains("which is beside it") == true)
    #expect(report.image.name == recipe.directory.path(opened))
  }

  @Test("Packed files find each other, too", arguments: ["debug.vmem.gz", "debug.guest.gz"])
  func packed(_ opened: String) throws {
    let recipe = try FormatRecipe("readme")
    let model = VMwareModel(recipe.parts)
    for (name, bytes) in [("debug.vmem", model.memory), ("debug.guest", model.guest(version: 5))] {
      let path = try recipe.directory.file(bytes, named: name)
      let gzip = try Process.run(URL(fileURLWithPath: "/usr/bin/env"), arguments: ["gzip", path])
      gzip.waitUntilExit()
    }
    let report = try recipe.expectVMCore(of: recipe.directory.path(opened))
    #expect(report.image.format == "gzip VMware guest")
  }

  @Test("Either is named as a part of the other", arguments: [true, false])
  func parts(_ isMemoryFirst: Bool) throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    let model = VMwareModel(recipe.ranges(of: 0x50000).reversed())
    let memory = try recipe.directory.file(model.memory, named: "memory")
    let state = try recipe.directory.file(model.state, named: "state")
    var options = CrashDumpOptions()
    options.parts = [isMemoryFirst ? state : memory]
    try recipe.expectVMCore(of: isMemoryFirst ? memory : state, options)
  }

  @Test("Without its memory the state file says what is lacking")
  func lonely() throws {
    let recipe = try FormatRecipe("readme")
    let path = try recipe.directory.file(VMwareModel(recipe.parts).state, named: "vm.vmss")
    let error = #expect(throws: VMCoreError.self) { try CrashDump(imageAt: path) }
    #expect(error?.kind == .unusable)
    #expect(error?.description.contains("vm.vmem, which is not there") == true)
  }

  @Test("A file that only has the name of a .guest file is memory like any other")
  func namedGuest() throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    let report = try recipe.expectVMCore(of: recipe.parts.joined, named: "core.guest")
    #expect(report.image.format == "raw")
  }

  @Test(
    "What lies beside the memory file and is of no use is told of, and the next is tried",
    arguments: [nil, "vm.vmsn"])
  func useless(_ other: String?) throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    let parts = other == nil ? recipe.parts : recipe.ranges(of: 0x50000).reversed()
    let model = VMwareModel(parts)
    let path = try recipe.directory.file(model.memory, named: "vm.vmem")
    // A snapshot without memory, and a file that was cut off.
    var state = model.state
    let group = Array("memory".utf8)
    let place = try #require(state.indices.first { state[$0...].starts(with: group) })
    state[place] = UInt8(ascii: "M")
    try recipe.directory.file(state, named: "vm.vmss")
    try recipe.directory.file([0x1f, 0x8b, 8, 0], named: "vm.guest.gz")
    if let other { try recipe.directory.file(model.state, named: other) }
    let report = try recipe.expectVMCore(of: path)
    #expect(report.image.format == (other == nil ? "raw" : "VMware state"))
    let text = "vm.vmss, which is beside it, is not used"
    #expect(report.warningTexts.contains { $0.contains(text) })
  }

  @Test("A .guest file and its memory", arguments: [1, 3, 4, 5, 6, 7] as [UInt64])
  func guest(_ version: UInt64) throws {
    let recipe = try FormatRecipe("x86_64-kernel-after")
    // What lies below 1 MiB and above 0xa0000 is no RAM.
    let whole = recipe.parts.joined
    let model = VMwareModel([
      MemoryPart(0, Array(whole[..<0xa0000])), MemoryPart(0x10_0000, Array(whole[0x10_0000...])),
    ])
    try recipe.directory.file(model.memory, named: "debug.vmem")
    try recipe.directory.file(model.guest(version: version), named: "debug.guest")
    for name in ["debug.vmem", "debug.guest"] {
      let report = try recipe.expectVMCore(of: recipe.directory.path(name))
      #expect(report.image.format == "VMware guest")
    }
  }
}
