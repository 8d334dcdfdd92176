internal import Bytes

extension IPLParameterBlock {
  /// What the first part of a block describes: `pb0_hdr.pbt`, `IPL_PBT_*`.
  package enum Device: Equatable, Sendable {
    /// A disk that is started by channel commands, or a z/VM named system: 2.
    case ccw(ChannelDevice)
    /// A disk behind a fibre channel adapter: 0.
    case fcp(FibreChannelDevice)
    /// A disk of a PCI function: 4.
    case nvme(NVMeDevice)
    /// A disk with a boot record, list-directed: 3.
    case eckd(ListDirectedDisk)
    /// Any other: 1 is SCP data alone, 5 protected virtualization.
    case other
  }

  /// `struct ipl_pb0_ccw`
  package struct ChannelDevice: Equatable, Sendable {
    package let flags: UInt8  // flags: 0x80, the loadparm is valid
    package let loadParameter: [UInt8]  // loadparm, EBCDIC
    package let subchannelSet: UInt8  // ssid
    package let number: UInt16  // devno
    package let machineFlags: UInt8  // vm_flags: 0x80 NSS, 0x40 a parameter for z/VM
    package let parameterLength: UInt32  // vm_parm_len
    package let systemName: [UInt8]  // nss_name, EBCDIC
    package let parameter: [UInt8]  // vm_parm, EBCDIC

    /// Whether a named saved system is started (`IPL_PB0_CCW_VM_FLAG_NSS`).
    package var isNamedSystem: Bool { machineFlags & 0x80 != 0 }
  }

  /// `struct ipl_pb0_fcp`
  package struct FibreChannelDevice: Equatable, Sendable {
    /// What every list-directed device has.
    package let list: ListDirected
    package let subchannelSystem: UInt8  // cssid
    package let number: UInt16  // devno
    package let portName: UInt64  // wwpn
    package let unitNumber: UInt64  // lun
    package let bootBlock: UInt64  // br_lba
  }

  /// `struct ipl_pb0_nvme`
  package struct NVMeDevice: Equatable, Sendable {
    /// What every list-directed device has.
    package let list: ListDirected
    package let function: UInt32  // fid
    package let namespace: UInt32  // nsid
    package let bootBlock: UInt64  // br_lba
  }

  /// `struct ipl_pb0_eckd`
  package struct ListDirectedDisk: Equatable, Sendable {
    /// What every list-directed device has.
    package let list: ListDirected
    package let subchannelSet: UInt8  // ssid
    package let number: UInt16  // devno
    package let cylinder: UInt16  // br_chr.cyl
    package let head: UInt8  // br_chr.head
    package let record: UInt8  // br_chr.record
  }

  /// What FCP, NVMe and ECKD blocks have in common.
  package struct ListDirected: Equatable, Sendable {
    package let loadParameter: [UInt8]  // loadparm, EBCDIC
    package let option: UInt8  // opt: 0x10 IPL, 0x20 dump
    package let program: UInt32  // bootprog
    package let dataLength: UInt32  // scp_data_len
    package let data: [UInt8]  // scp_data

    /// Whether a stand-alone dump tool is started (`IPL_PB0_*_OPT_DUMP`).
    package var isDump: Bool { option == 0x20 }
  }
}

extension IPLParameterBlock.Device {
  /// Reads the fields of a type; those behind the end of a short block are zero.
  init(type: UInt8, _ reader: ByteReader) {
    let fields = BlockFields(reader)
    switch type {
    case 0:
      self = .fcp(
        .init(
          list: .init(fields), subchannelSystem: fields[332], number: fields[334],
          portName: fields[340], unitNumber: fields[348], bootBlock: fields[372]))
    case 2:
      self = .ccw(
        .init(
          flags: fields[13], loadParameter: fields.bytes(16, 8),
          subchannelSet: fields[109] & 7,
          number: fields[110], machineFlags: fields[112], parameterLength: fields[116],
          systemName: fields.bytes(120, 8),
          parameter: fields.bytes(128, min(64, fields.length(116)))))
    case 3:
      self = .eckd(
        .init(
          list: .init(fields), subchannelSet: fields[333] & 7, number: fields[334],
          cylinder: fields[372], head: fields[374], record: fields[375]))
    case 4:
      self = .nvme(
        .init(
          list: .init(fields), function: fields[332], namespace: fields[348],
          bootBlock: fields[372]))
    default: self = .other
    }
  }
}

extension IPLParameterBlock.ListDirected {
  /// Most bytes of SCP data that fit into a page (`DIAG308_SCPDATA_SIZE`).
  private static let largestData: UInt32 = 3452

  fileprivate init(_ fields: BlockFields) {
    loadParameter = fields.bytes(16, 8)
    option = fields[328]
    program = fields[356]
    dataLength = fields[380]
    data = fields.bytes(644, Int(min(dataLength, Self.largestData)))
  }
}

/// Fields by their offset in the whole block.
private struct BlockFields {
  private let reader: ByteReader

  init(_ reader: ByteReader) {
    self.reader = reader
  }

  subscript<Value: FixedWidthInteger & BitwiseCopyable>(offset: Int) -> Value {
    (try? reader.peek(at: offset, Value.self)) ?? 0
  }

  /// A length of 32 bits, which is at most that of a page.
  func length(_ offset: Int) -> Int {
    let length: UInt32 = self[offset]
    return Int(min(length, UInt32(IPLParameterBlock.largest)))
  }

  /// As many of the bytes as the block has.
  func bytes(_ offset: Int, _ count: Int) -> [UInt8] {
    Array(reader.bytes.dropFirst(offset).prefix(count))
  }
}
