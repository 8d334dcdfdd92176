import Bytes
import CrashedKernel
import DumpRecords
import MemoryImages
import TestSupport
import Testing

/// What page tables of real kernels lead to is known twice: by the rules for image and direct map,
/// and by what stands there.
@Suite("Page tables of real kernels", .enabled(if: RealKernel.isAvailable, "\(RealKernel.absence)"))
struct RealPageTableTests {
  @Test("Symbols are where the linear rules put them", arguments: RealKernel.names)
  func symbols(_ name: String) throws {
    let kernel = try RealKernel.named(name)
    let addresses = kernel.information.symbols + kernel.symbols.values
    var count = 0
    for address in addresses {
      guard case .at(let expected, _) = try kernel.linear.translate(address) else { continue }
      count += 1
      switch try kernel.paged.translate(address) {
      case .at(let physical, _): #expect(physical == expected && !kernel.hasHashMMU)
      case .notMapped: #expect(kernel.hasHashMMU, "\(address.hex)")
      case let other: Issue.record("\(address.hex): \(other)")
      }
    }
    // The start of the vmemmap is the one symbol that no linear rule reaches.
    #expect(count >= addresses.count - 1, "\(count) of \(addresses.count)")
    #expect(count > 15)
  }

  @Test("All of the direct map is where the linear rule has it", arguments: RealKernel.names)
  func directMap(_ name: String) throws {
    let kernel = try RealKernel.named(name)
    var count = 0
    for range in kernel.memory.regions.map(\.range) {
      for place in stride(from: range.lowerBound, to: range.upperBound, by: 0xff358) {
        let address = try #require(kernel.translation.directMapAddress(of: place))
        let found = try kernel.paged.translate(address)
        if kernel.hasHashMMU {
          #expect(found == .notMapped(level: 4))
        } else if case .at(place, _) = found {
          count += 1
        } else {
          Issue.record("\(address.hex): \(found), expected \(place.hex)")
        }
      }
    }
    #expect(count > 100 || kernel.hasHashMMU)
  }

  @Test(
    "The kernel's names are the same through the tables, page by page", arguments: RealKernel.names)
  func names(_ name: String) throws {
    let kernel = try RealKernel.named(name)
    let start = try #require(kernel.information.symbol("kallsyms_names"))
    let end = try #require(kernel.information.symbol("kallsyms_token_table"))
    let byRule = try kernel.linear.read(at: start, count: Int(end - start))
    #expect(byRule.value?.count ?? 0 > 200_000)
    guard !kernel.hasHashMMU else { return }
    #expect(try kernel.paged.read(at: start, count: Int(end - start)) == byRule)
  }

  @Test(
    "The pages of the kernel's image have struct pages that say so", arguments: RealKernel.names)
  func imagePages(_ name: String) throws {
    let kernel = try RealKernel.named(name)
    let pages = try #require(RealStructPages(kernel))
    var count = 0
    for address in kernel.information.symbols + kernel.symbols.values {
      guard case .at(let physical, _) = try kernel.linear.translate(address) else { continue }
      let page = try #require(try pages.page(of: physical), "\(address.hex)")
      #expect(page.flags & pages.reserved != 0, "\(address.hex): \(page)")
      #expect(page.references == 1 && page.mappings == -1, "\(address.hex): \(page)")
      count += 1
    }
    #expect(count > 15)
  }

  @Test(
    "Free pages lie at multiples of their number, as struct pages say", arguments: RealKernel.names)
  func freePages(_ name: String) throws {
    let kernel = try RealKernel.named(name)
    let pages = try #require(RealStructPages(kernel))
    let pageSize = try #require(kernel.information.pageSize)
    let orders = try #require(kernel.information.decimal("LENGTH(zone.free_area)"))
    var free = 0
    for range in kernel.memory.regions.map(\.range) {
      let step = 32 * pageSize
      let first = range.lowerBound.roundedUp(to: step) ?? 0
      for place in stride(from: first, to: range.upperBound, by: Int(step)) {
        guard let page = try pages.page(of: place) else { continue }
        #expect(page.references >= 0, "\(place.hex): \(page)")
        guard page.mappings == pages.free else { continue }
        #expect(page.order < orders && place % (pageSize << page.order) == 0, "\(place.hex)")
        #expect(page.references == 0 && page.flags & pages.reserved == 0, "\(place.hex): \(page)")
        free += 1
      }
    }
    #expect(free > 20, "\(free)")
  }

  @Test("Pages of vmalloc are in use, as struct pages say", arguments: RealKernel.names)
  func vmalloc(_ name: String) throws {
    let kernel = try RealKernel.named(name)
    let pages = try #require(RealStructPages(kernel))
    let range = try kernel.vmalloc
    var address = range.lowerBound
    var found: [RealStructPages.Page] = []
    var stacks = 0
    while address < range.upperBound {
      switch try kernel.paged.translate(address) {
      case .at(let physical, let size):
        if let word = try kernel.paged.read(UInt64.self, at: address).value {
          if word == 0x57ac_6e9d { stacks += 1 }
          if let page = try pages.page(of: physical) { found.append(page) }
        }
        address &+= size
      case .notMapped(let level):
        let levels = kernel.table.form.levels
        let size = UInt64(1) << UInt64(levels[levels.count - level].index.lowerBound)
        address = (address | (size - 1)) &+ 1
      case let other:
        Issue.record("\(address.hex): \(other)")
        return
      }
    }
    #expect(found.count > 5 && found.allSatisfy { $0.mappings != pages.free })
    // Of several pages that were taken at once, only the first one counts who uses it.
    #expect(found.count { $0.references > 0 } * 10 > found.count * 9)
    // Debian's kernels have the stacks of their tasks there, each with STACK_END_MAGIC at its end.
    if ["x86_64", "riscv64"].contains(kernel.architecture.name) { #expect(stacks > 10) }
  }

  @Test("The list of modules is followed into their memory", arguments: RealKernel.names)
  func modules(_ name: String) throws {
    let kernel = try RealKernel.named(name)
    guard let list = kernel.symbols["modules"] else { return }
    var names: [String] = []
    var entry = try kernel.all.pointer(at: list).value
    while let place = entry, place != list, names.count < 1000 {
      #expect(try kernel.linear.translate(place) == .notMapped(level: 0))
      // The list is the second member of a module, behind it comes the name.
      let text = try #require(try kernel.all.string(at: place + 16, limit: 56).value)
      names.append(String(decoding: text, as: UTF8.self))
      entry = try kernel.all.pointer(at: place).value
    }
    #expect(entry == list && names.count > 3)
    #expect(names.allSatisfy { $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } })
  }
}
