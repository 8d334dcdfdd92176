package import Bytes

/// The s390x prefix page pair ("lowcore"): a sparse record of 8 KiB, big-endian.
/// Offsets: `arch/s390/include/asm/lowcore.h`; those from 0xe00 to 0xeff are an interface for dump
/// tools.
package enum Lowcore {
  /// Size of the page pair.
  package static let size = 0x2000
  /// Alignment of a prefix, as far as readers insist on it (the architecture wants 8 KiB).
  package static let alignment: UInt64 = 4096

  /// Address of the IPL parameter block that firmware or loader left (`ipl_parmblock_ptr`).
  package static let iplParameterBlock = Field<UInt32>(at: 0x14)
  /// Address of a re-IPL block for stand-alone dump tools (`ipib`), 0 for none.
  package static let reIPLBlock = Field<UInt64>(at: 0xe00)
  /// Checksum of that block (`ipib_checksum`).
  package static let reIPLChecksum = Field<UInt32>(at: 0xe08)
  /// Address of the VMCOREINFO note; odd: the kernel's early KASLR offset, plus 1 (`vmcore_info`).
  package static let vmCoreInfo = Field<UInt64>(at: 0xe0c)
  /// Address of the `os_info` page.
  package static let osInfo = Field<UInt64>(at: 0xe18)
  /// Address of the extended save area; the low ten bits are no part of it (`mcesad`).
  package static let extendedSaveArea = Field<UInt64>(at: 0x11b0)
  /// Where store-status leaves the registers: the start of ``SaveArea``.
  package static let saveArea = 0x1200
}

/// The registers of one CPU as store-status leaves them, 512 bytes from 0x1200 of a lowcore on.
/// Offsets: Principles of Operation, "Assigned Storage Locations"; `asm/lowcore.h`.
package struct SaveArea: Equatable, Sendable {
  /// All 512 bytes.
  package let bytes: [UInt8]

  /// Size in bytes.
  package static let size = 512

  /// A save area; nil where the bytes are too few.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count >= SaveArea.size else { return nil }
    self.bytes = Array(bytes.prefix(SaveArea.size))
  }

  /// Registers that stand together.
  package struct Field: Sendable {
    /// Offsets in the save area.
    package let place: Range<Int>

    /// `fpregs_save_area`
    package static let floatingPointRegisters = Field(place: 0x00..<0x80)
    /// `gpregs_save_area`
    package static let generalRegisters = Field(place: 0x80..<0x100)
    /// `psw_save_area`
    package static let programStatusWord = Field(place: 0x100..<0x110)
    /// `prefixreg_save_area`
    package static let prefix = Field(place: 0x118..<0x11c)
    /// `fpt_creg_save_area`
    package static let floatingPointControl = Field(place: 0x11c..<0x120)
    /// `tod_progreg_save_area`
    package static let todProgrammableRegister = Field(place: 0x124..<0x128)
    /// `cpu_timer_save_area`
    package static let timer = Field(place: 0x128..<0x130)
    /// `clock_comp_save_area`
    package static let clockComparator = Field(place: 0x130..<0x138)
    /// `access_regs_save_area`
    package static let accessRegisters = Field(place: 0x140..<0x180)
    /// `cregs_save_area`
    package static let controlRegisters = Field(place: 0x180..<0x200)
  }

  /// The bytes of registers.
  package subscript(field: Field) -> ArraySlice<UInt8> { bytes[field.place] }

  /// Where the CPU's lowcore lies.
  package var prefix: UInt32 {
    (try? ByteReader(bytes, order: .big).peek(at: Field.prefix.place.lowerBound, UInt32.self)) ?? 0
  }
}
