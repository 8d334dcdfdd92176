/// The symbol table of a recipe's kernel, and what its variables hold.
package struct RecipeKernelSymbols: Sendable, Equatable {
  /// One line `symbol`.
  package struct Symbol: Sendable, Equatable {
    package var name: String
    package var address: UInt64
  }

  /// One line `kexec-image`.
  package struct KexecImage: Sendable, Equatable {
    /// Where `struct kimage` lies, in physical and in virtual addresses.
    package var physical: UInt64
    package var virtual: UInt64
    package var segments: [Range<UInt64>]
  }

  /// Where the table lies, in physical and in virtual addresses.
  package var physical: UInt64
  package var virtual: UInt64
  package var form = KernelSymbolsModel.Form.base
  package var symbols: [Symbol] = []
  package var kexecImage: KexecImage?

  /// The table with the variable that points at the kexec image.
  func model(order: RecipeOrder, wordBits: Int) -> KernelSymbolsModel {
    var all = symbols.map { ($0.name, $0.address) }
    all.append(("kexec_crash_image", virtual + KernelSymbolsModel.Part.variable))
    return KernelSymbolsModel(
      all, form: form, at: virtual, order: order, wordSize: wordBits / 8)
  }
}

extension RecipeParser {
  /// Reads a line about the kernel's symbols; false where it is none.
  mutating func readSymbols(_ line: RecipeLine) throws(RecipeError) -> Bool {
    switch line.key {
    case "kernel-symbols":
      guard try line.word(1, "the word 'at'") == "at" else { throw line.error("'at' is missing") }
      var symbols = RecipeKernelSymbols(
        physical: try line.address(0), virtual: try line.address(2))
      if let form = try line.options(from: 3, ["form"])["form"] {
        guard let known = KernelSymbolsModel.Form(rawValue: form) else {
          throw line.error("'\(form)' is unknown")
        }
        symbols.form = known
      }
      recipe.kernelSymbols = symbols
      let model = symbols.model(order: recipe.order, wordBits: recipe.architecture.wordBits)
      recipe.vmcoreinfo.lines += model.information
    case "symbol":
      guard recipe.kernelSymbols != nil else { throw line.error("no 'kernel-symbols' before it") }
      recipe.kernelSymbols?.symbols.append(
        .init(name: try line.word(0, "a name"), address: try line.address(1)))
    case "kexec-image":
      guard recipe.kernelSymbols != nil, try line.word(1, "the word 'at'") == "at" else {
        throw line.error("no 'kernel-symbols' before it, or 'at' is missing")
      }
      var segments: [Range<UInt64>] = []
      for index in line.words.indices.dropFirst(3) { segments.append(try line.range(index)) }
      recipe.kernelSymbols?.kexecImage = .init(
        physical: try line.address(0), virtual: try line.address(2), segments: segments)
    default: return false
    }
    return true
  }
}

extension ImageBuilder {
  /// Writes the symbol table, the variable and `struct kimage`: its list of segments stands 56
  /// bytes from its start, as in 64-bit kernels of 6.1.
  mutating func placeKernelSymbols() {
    guard let symbols = recipe.kernelSymbols else { return }
    let order = recipe.order
    let width = recipe.architecture.wordBits / 8
    var table = symbols.model(order: order, wordBits: recipe.architecture.wordBits).bytes()
    if let image = symbols.kexecImage {
      let slot = Int(KernelSymbolsModel.Part.variable)
      table.replaceSubrange(
        slot..<slot + width, with: order.bytes(image.virtual, width: width))
      var bytes = [UInt8](repeating: 0x11, count: 7 * width)
      bytes += order.bytes(UInt64(image.segments.count), width: width)
      for segment in image.segments {
        let size = segment.upperBound - segment.lowerBound
        bytes += order.bytes(0x5555_0000, width: width) + order.bytes(size, width: width)
        bytes += order.bytes(segment.lowerBound, width: width) + order.bytes(size, width: width)
      }
      bytes += [UInt8](repeating: 0, count: (16 - image.segments.count) * 4 * width)
      bytes += order.bytes(image.virtual + UInt64(bytes.count), width: width)
      place("kimage", bytes, at: image.physical)
    }
    place("kernel symbols", table, at: symbols.physical)
  }
}
