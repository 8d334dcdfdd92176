internal import Bytes

/// The order of the blocks of RAM in memory. A stream lists them from the largest to the smallest;
/// which node of the machine each belongs to stands in no part of it.
enum BlockOrder {
  /// The names say it: `ram-node0`, `ram-node1`.
  case named
  /// The names have numbers, which whoever runs the machine may have given otherwise.
  case numbered
  /// Nothing says it.
  case open

  /// What the names of blocks say.
  init(of blocks: [RAMBlock]) {
    self =
      if blocks.count < 2 || blocks.allSatisfy(\.isNode) {
        .named
      } else {
        Set(blocks.map(\.stem)).count == 1 ? .numbered : .open
      }
  }

  /// Orders that are tried.
  private static let most = 24
  /// Blocks of which every order is.
  private static let mostPermuted = 4

  /// Orders that may be the machine's, as indices, the likeliest first: that of the blocks as they
  /// are; then those that keep blocks of one length in the order in which QEMU lists them, which is
  /// that of their making. Of many blocks only which one is the first.
  static func orders(of blocks: [RAMBlock]) -> [[Int]] {
    let all = Array(blocks.indices)
    guard BlockOrder(of: blocks) != .named else { return [all] }
    guard blocks.count <= mostPermuted else {
      return all.prefix(most).map { first in [first] + all.filter { $0 != first } }
    }
    let orders = permutations(of: all)
    let usual = orders.filter { order in
      order.indices.dropFirst().allSatisfy { place in
        order[..<place].allSatisfy {
          $0 < order[place] || blocks[$0].length != blocks[order[place]].length
        }
      }
    }
    return usual + orders.filter { !usual.contains($0) }
  }

  private static func permutations(of items: [Int]) -> [[Int]] {
    guard items.count > 1 else { return [items] }
    return items.flatMap { first in
      permutations(of: items.filter { $0 != first }).map { [first] + $0 }
    }
  }
}

extension MigrationStream {
  /// How the RAM may lie in memory, as far as the machine's name tells, the likeliest first; empty
  /// where it does not tell.
  func layouts(ofSize size: UInt64) -> [ImageLayout] {
    var layouts: [ImageLayout] = []
    // Blocks that are not listed any more may be RAM.
    for size in [size, size.adding(unlisted) ?? size] {
      if let layout = layout(ofSize: size), !layouts.contains(layout) { layouts.append(layout) }
    }
    let blocks = ramBlocks
    let orders = BlockOrder.orders(of: blocks)
    guard orders.count > 1 else { return layouts }
    let isNumbered = BlockOrder(of: blocks) == .numbered
    return layouts.flatMap { layout in
      orders.enumerated().map { rank, order in
        if rank == 0, isNumbered { return layout }
        let parts = order.map { index in
          let start = blocks[index].start ?? 0
          return start..<start + blocks[index].length
        }
        let names = order.prefix(16).map { blocks[$0].name }.joined(separator: ", ")
        return layout.ordered(parts, name: "\(layout.name), blocks \(names)")
      }
    }
  }
}
