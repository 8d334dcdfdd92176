internal import Bytes
internal import CrashedKernel
internal import DumpRecords
internal import MemoryImages

/// Memory that its owner has encrypted: what an image shows of it from outside is no dump.
enum Encryption {
  /// Refuses what is nothing but noise; nil where it is not, or the kernel proves that it can be read.
  static func refusal(of memory: PhysicalMemory, _ kernel: Kernel?) throws(ReadError)
    -> SearchError?
  {
    guard try kernel?.confirmedName() == nil, case let character = try MemoryCharacter(of: memory),
      character.isNoise, let text = character.text
    else { return nil }
    return .corrupt("no vmcore is made of it: \(text)")
  }

  /// What vmcoreinfo says of encryption: the kernel's own pages may be plain and others not.
  static func warnings(about system: CrashedSystem) throws(ReadError) -> [Finding] {
    guard let mask = system.vmCoreInfo?.number("sme_mask"), mask != 0 else { return [] }
    let isReadable = try system.kernel?.confirmedName() != nil
    return [
      Finding(
        "vmcoreinfo has sme_mask \(mask.hex): the machine's memory was encrypted (SME or SEV); "
          + (isReadable
            ? "the kernel's own can be read, so the image is plain as far as that tells"
            : "whether the image is plain is not known"),
        isDamage: false)
    ]
  }
}

extension SearchError {
  /// The error with what the bytes look like in which nothing was found.
  func describing(_ memory: PhysicalMemory) throws(ReadError) -> SearchError {
    guard case .notFound(var failure) = self else { return self }
    failure.character = try MemoryCharacter(of: memory).text
    return .notFound(failure)
  }
}
