internal import Bytes
internal import Codecs

/// Takes off what is packed around an image: gzip and zlib are read through an index, the parts of
/// xz and zstd files are unpacked when they are read, all others at once; what is unpacked of these
/// is kept in a file without a name.
package enum Unwrapping {
  /// Layers at most: a packed file in a packed file.
  private static let mostLayers = 2

  /// The input as it is inside; the same input where it is not packed.
  package static func run(
    _ input: ImageInput, isCancelled: @escaping @Sendable () -> Bool
  ) throws(ImageError) -> ImageInput {
    var input = input
    var layers = 0
    while let form = StreamForm(beginning: try input.head()) {
      guard layers < mostLayers else {
        throw ImageError(
          .unusable,
          "\(input.name): is packed more than \(mostLayers) times: unpack it first, as in "
            + "'\(form.command.joined(separator: " ")) < FILE > image.bin'")
      }
      let layer = PackedLayer(input, form, isCancelled: isCancelled)
      input = try layer.unwrapped()
      input.wrappings.append(form.rawValue)
      layers += 1
      guard input.source.size > 0 else {
        throw ImageError(
          .unusable, "\(input.name): nothing is in it but an empty \(form.rawValue) stream")
      }
    }
    return input
  }
}

/// A packed file.
struct PackedLayer {
  let input: ImageInput
  let form: StreamForm
  let isCancelled: @Sendable () -> Bool

  /// A packed file of a form.
  init(_ input: ImageInput, _ form: StreamForm, isCancelled: @escaping @Sendable () -> Bool) {
    self.input = input
    self.form = form
    self.isCancelled = isCancelled
  }

  var source: any ByteSource { input.source }
  var name: String { source.name }

  /// What a byte costs that is unpacked: one that is zero, in zeros that are made, and another, in
  /// bytes that are looked at. Of a machine that never used its memory nearly all is zero; zeros are
  /// unpacked at 6 GB/s by zstd, at 0.5 by xz, at 0.4 by bzip2.
  private var costs: (zero: UInt64, other: UInt64) {
    switch form {
    case .gzip, .zlib, .zstd, .lz4, .lzop: (1, 1)
    case .xz: (12, 4)
    case .bzip2: (15, 12)
    }
  }

  /// The most that is stored of it.
  var mostKept: UInt64 { input.budget.allowance(.writing) }

  /// Checks that not too much is stored: what is not zero shrinks less.
  func check(kept: UInt64) throws(ImageError) {
    guard kept <= mostKept else { throw tooMuch(kept, "bytes that are not zero") }
  }

  private func tooMuch(_ count: UInt64, _ what: String) -> ImageError {
    ImageError(
      .unusable,
      "\(name): its \(source.size) bytes of \(form.rawValue) give at least \(count) \(what): "
        + "that is no machine's memory")
  }

  func unwrapped() throws(ImageError) -> ImageInput {
    switch form {
    case .gzip, .zlib:
      if let index = try InflateIndex(of: self) {
        var unpacked = input
        unpacked.source = UnpackedSource(InflatePieces(of: self, index))
        unpacked.warnings += index.warnings
        return unpacked
      }
    case .xz, .zstd:
      if let unpacked = try UnpackedParts.input(of: self) { return unpacked }
    case .bzip2, .lz4, .lzop: break
    }
    return try PackedSpool.input(of: self)
  }

  /// Checks that the run goes on, and that it has not gone too far.
  ///
  /// - Parameter kept: those of the bytes that are not zero, as far as anybody knows.
  func check(made: UInt64, kept: UInt64 = 0) throws(ImageError) {
    if isCancelled() {
      throw ImageError(.cancelled, "\(name): interrupted after \(made) unpacked bytes")
    }
    let (zeros, first) = (made - kept).multipliedReportingOverflow(by: costs.zero)
    let (others, second) = kept.multipliedReportingOverflow(by: costs.other)
    guard !first, !second, zeros <= input.budget.allowance(.zeros),
      others <= input.budget.allowance(.reading)
    else { throw tooMuch(made, "bytes") }
  }

  /// What is wrong with a stream that can be used up to here.
  enum Fault {
    case damaged, cut, trailing
  }

  /// Says it; where nothing came of the stream, that is an error.
  func finding(_ fault: Fault, at position: UInt64, made: UInt64) throws(ImageError) -> Finding {
    let text =
      switch fault {
      case .damaged: "is damaged before \(position.hex)"
      case .cut: "ends early, at \(position.hex)"
      case .trailing: "is followed by something else at \(position.hex)"
      }
    guard made > 0 else {
      throw ImageError(
        .unusable, "\(name): the \(form.rawValue) stream \(text): nothing of it can be unpacked")
    }
    return Finding(
      "the \(form.rawValue) stream \(text)"
        + (fault == .trailing ? ", which is left out" : ": \(made) unpacked bytes are used"),
      isPartial: fault != .trailing)
  }

  /// What follows the end of a stream.
  enum Following {
    case another, end, something
  }

  /// Looks at the bytes behind a stream: zeros pad the copy of a device.
  func following(_ position: UInt64) throws(ImageError) -> Following {
    // A file may have as many streams as bytes of their heads: most are told by few bytes.
    var head = try rethrow(
      as: ImageError.init(reading:), source.bytes(at: position, count: 16))
    if StreamForm(beginning: head) == form { return .another }
    if form == .zlib || head.allSatisfy({ $0 == 0 }) {
      head = try rethrow(
        as: ImageError.init(reading:), source.bytes(at: position, count: ImageFormat.headSize))
      if head.allSatisfy({ $0 == 0 }) { return .end }
      if StreamForm(beginning: head) == form { return .another }
    }
    return .something
  }
}
