internal import Bytes

extension IPLParameterBlock {
  /// What the kernel calls the type.
  package var typeName: String {
    switch device {
    case .ccw(let disk): disk.isNamedSystem ? "nss" : "ccw"
    case .fcp(let disk): disk.list.isDump ? "fcp_dump" : "fcp"
    case .nvme(let disk): disk.list.isDump ? "nvme_dump" : "nvme"
    case .eckd(let disk): disk.list.isDump ? "eckd_dump" : "eckd"
    case .other: type == 1 ? "scp_data" : type == 5 ? "pv" : "unknown"
    }
  }

  /// Every field with its name in the kernel's structures, in their order.
  package var fields: [(name: String, value: String)] {
    let head = [
      ("hdr.len", "\(bytes.count)"), ("hdr.flags", hex(flags)), ("hdr.version", "\(version)"),
      ("pb0.len", "\(firstLength)"), ("pb0.pbt", "\(type)"), ("type", typeName),
    ]
    switch device {
    case .ccw(let disk): return head + disk.fields
    case .fcp(let disk): return head + disk.list.head + disk.fields + disk.list.tail
    case .nvme(let disk): return head + disk.list.head + disk.fields + disk.list.tail
    case .eckd(let disk): return head + disk.list.head + disk.fields + disk.list.tail
    case .other: return head
    }
  }

  /// The same as the files of `/sys/firmware/reipl` show it (`arch/s390/kernel/ipl.c`).
  package var attributes: [(name: String, value: String)] {
    switch device {
    case .ccw(let disk): [("reipl_type", typeName)] + disk.attributes
    case .fcp(let disk): attributes(in: "fcp", disk.attributes, disk.list)
    case .nvme(let disk): attributes(in: "nvme", disk.attributes, disk.list)
    case .eckd(let disk): attributes(in: "eckd", disk.attributes, disk.list)
    case .other: [("reipl_type", "unknown")]
    }
  }

  private func attributes(
    in folder: String, _ own: [(String, String)], _ list: ListDirected
  ) -> [(name: String, value: String)] {
    let common = [
      ("bootprog", "\(list.program)"), ("loadparm", loadParameterText(list.loadParameter)),
      ("scp_data", list.dataText),
    ]
    return [("reipl_type", folder)] + (own + common).map { ("\(folder)/\($0.0)", $0.1) }
  }
}

extension IPLParameterBlock.ChannelDevice {
  private var device: String { deviceNumber(subchannelSet, number) }
  private var parameterText: String { EBCDIC.text(parameter) }

  fileprivate var fields: [(name: String, value: String)] {
    [
      ("flags", hex(flags)), ("loadparm", loadParameterText(loadParameter)),
      ("loadparm.hex", hexText(loadParameter)), ("ssid", "\(subchannelSet)"),
      ("devno", padded(number)), ("device", device), ("vm_flags", hex(machineFlags)),
      ("vm_parm_len", "\(parameterLength)"), ("nss_name", EBCDIC.text(systemName)),
      ("nss_name.hex", hexText(systemName)), ("vm_parm", parameterText),
    ]
  }

  fileprivate var attributes: [(name: String, value: String)] {
    let load = loadParameterText(loadParameter)
    if isNamedSystem {
      let name = trimmed(EBCDIC.text(systemName))
      return [("nss/name", name), ("nss/loadparm", load), ("nss/parm", trimmed(parameterText))]
    }
    let parameter = machineFlags & 0x40 != 0 ? trimmed(parameterText) : ""
    return [("ccw/device", device), ("ccw/loadparm", load), ("ccw/parm", parameter)]
  }
}

extension IPLParameterBlock.FibreChannelDevice {
  private var device: String { deviceNumber(0, number) }

  fileprivate var fields: [(name: String, value: String)] {
    [
      ("cssid", "\(subchannelSystem)"), ("device", device),
      ("wwpn", padded(portName, prefix: "0x")),
      ("lun", padded(unitNumber, prefix: "0x")), ("bootprog", "\(list.program)"),
      ("br_lba", "\(bootBlock)"),
    ]
  }

  fileprivate var attributes: [(String, String)] {
    [
      ("device", device), ("wwpn", padded(portName, prefix: "0x")),
      ("lun", padded(unitNumber, prefix: "0x")), ("br_lba", "\(bootBlock)"),
    ]
  }
}

extension IPLParameterBlock.NVMeDevice {
  fileprivate var fields: [(name: String, value: String)] {
    [
      ("fid", padded(function, prefix: "0x")), ("nsid", padded(namespace, prefix: "0x")),
      ("bootprog", "\(list.program)"), ("br_lba", "\(bootBlock)"),
    ]
  }

  fileprivate var attributes: [(String, String)] {
    [
      ("fid", padded(function, prefix: "0x")), ("nsid", padded(namespace, prefix: "0x")),
      ("br_lba", "\(bootBlock)"),
    ]
  }
}

extension IPLParameterBlock.ListDirectedDisk {
  private var device: String { deviceNumber(subchannelSet, number) }

  /// Cylinder, head and record of the boot record; all zero: found by the firmware.
  private var bootRecord: String {
    cylinder == 0 && head == 0 && record == 0
      ? "auto"
      : [UInt64(cylinder), UInt64(head), UInt64(record)].map(\.hex).joined(separator: ",")
  }

  fileprivate var fields: [(name: String, value: String)] {
    [
      ("ssid", "\(subchannelSet)"), ("devno", padded(number)), ("device", device),
      ("bootprog", "\(list.program)"), ("br_chr", bootRecord),
    ]
  }

  fileprivate var attributes: [(String, String)] {
    [("device", device), ("br_chr", bootRecord)]
  }
}

extension IPLParameterBlock.ListDirected {
  fileprivate var head: [(name: String, value: String)] {
    [
      ("loadparm", loadParameterText(loadParameter)), ("loadparm.hex", hexText(loadParameter)),
      ("opt", hex(option)),
    ]
  }

  fileprivate var tail: [(name: String, value: String)] {
    [("scp_data_len", "\(dataLength)"), ("scp_data", hexText(data))]
  }

  /// SCP data is a text in practice: the kernel's command line.
  fileprivate var dataText: String {
    let text = data.reversed().drop { $0 == 0 }.reversed()
    return text.allSatisfy { (0x20..<0x7f).contains($0) }
      ? String(decoding: text, as: UTF8.self) : hexText(data)
  }
}

/// `0x00`
private func hex(_ value: UInt8) -> String { padded(value, prefix: "0x") }

/// Hexadecimal with all digits of the type.
private func padded<Value: FixedWidthInteger>(_ value: Value, prefix: String = "") -> String {
  let digits = String(value, radix: 16)
  return prefix + String(repeating: "0", count: Value.bitWidth / 4 - digits.count) + digits
}

/// `0.0.1234`: channel subsystem, subchannel set, device.
private func deviceNumber(_ set: UInt8, _ number: UInt16) -> String {
  "0.\(String(set, radix: 16)).\(padded(number))"
}

private func hexText(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { padded($0) }.joined()
}

private func loadParameterText(_ bytes: [UInt8]) -> String { trimmed(EBCDIC.text(bytes)) }

/// Without the blanks and zeros at the end.
private func trimmed(_ text: String) -> String {
  var scalars = text.unicodeScalars
  while let last = scalars.last, last == " " || last == "\0" { scalars.removeLast() }
  return String(scalars)
}
