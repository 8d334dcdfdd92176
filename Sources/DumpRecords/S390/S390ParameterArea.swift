package import Bytes

/// What a loader hands to an s390x kernel at absolute 0x10400 (`struct parmarea`,
/// `arch/s390/include/asm/setup.h`), and the entry table before it.
package enum S390ParameterArea {
  /// `S390EP`, 0, 1 at 0x10008: every kernel that can be entered at 0x10010 has it.
  package static let entrySignature: [UInt8] = Array("S390EP".utf8) + [0, 1]
  /// Address of the signature in a kernel that is loaded at 0.
  package static let entrySignatureAddress: UInt64 = 0x10008

  /// `oldmem_base`: where the crash region of the crashed kernel begins.
  package static let oldMemoryBase = Field<UInt64>(at: 0x10418)
  /// Address of `command_line`
  package static let commandLineAddress: UInt64 = 0x10480
  /// Size of the command line in kernels without `max_command_line_size`.
  package static let commandLineSize = 896
}
