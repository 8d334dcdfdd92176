internal import Bytes
internal import DumpRecords

/// The addresses of a kernel's symbols, in one of the forms that kernels have had
/// (`kallsyms_sym_address`, `kernel/kallsyms.c`).
enum KernelSymbolAddresses: Equatable, Sendable {
  /// `kallsyms_addresses`: whole words (kernels without `CONFIG_KALLSYMS_BASE_RELATIVE`).
  case words(at: UInt64)
  /// `kallsyms_offsets` counted from `kallsyms_relative_base`.
  case fromBase(UInt64, at: UInt64)
  /// The same with `CONFIG_KALLSYMS_ABSOLUTE_PERCPU` (x86_64 until 6.14): offsets that are not
  /// negative are addresses, the others count from one below the base.
  case fromBaseOrAbsolute(UInt64, at: UInt64)
  /// Each offset counts from its own place (kernels without `kallsyms_relative_base`).
  case fromPlace(at: UInt64)

  /// The forms that a kernel's keys allow.
  static func forms(
    _ memory: VirtualMemory, _ information: VMCoreInfo
  ) throws(ReadError) -> [KernelSymbolAddresses] {
    if let offsets = information.symbol("kallsyms_offsets") {
      guard let place = information.symbol("kallsyms_relative_base") else {
        return [.fromPlace(at: offsets)]
      }
      guard let base = try memory.pointer(at: place).value else { return [] }
      return [.fromBase(base, at: offsets), .fromBaseOrAbsolute(base, at: offsets)]
    }
    return information.symbol("kallsyms_addresses").map { [.words(at: $0)] } ?? []
  }

  /// The address of one symbol; nil where the image lacks it.
  func address(of index: Int, in memory: VirtualMemory) throws(ReadError) -> UInt64? {
    switch self {
    case .words(let start):
      return try memory.pointer(
        at: start &+ UInt64(index) &* UInt64(memory.wordSize)
      ).value
    case .fromBase(let base, let start):
      return try offset(of: index, start, memory).map { base &+ UInt64($0) }
    case .fromBaseOrAbsolute(let base, let start):
      guard let offset = try offset(of: index, start, memory) else { return nil }
      let signed = Int32(bitPattern: offset)
      return signed >= 0
        ? UInt64(offset) : base &- 1 &- UInt64(bitPattern: Int64(signed))
    case .fromPlace(let start):
      guard let offset = try offset(of: index, start, memory) else { return nil }
      let place = start &+ 4 &* UInt64(index)
      return place &+ UInt64(bitPattern: Int64(Int32(bitPattern: offset)))
    }
  }

  private func offset(
    of index: Int, _ start: UInt64, _ memory: VirtualMemory
  ) throws(ReadError) -> UInt32? {
    try memory.read(UInt32.self, at: start &+ 4 &* UInt64(index)).value
  }
}
