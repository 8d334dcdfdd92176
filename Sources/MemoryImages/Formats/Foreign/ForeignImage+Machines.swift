internal import Bytes

extension ForeignImage {
  /// What virtual machine monitors keep of a machine.
  static let virtualMachines: [Kind] = [
    Kind(
      "unfinished libvirt save", .text("LibvirtQemudPart"),
      advice: "is a libvirt save file that was never finished: take another one with "
        + "'virsh dump --memory-only --live GUEST FILE'"),
    Kind(
      "qcow2", .bytes([0x51, 0x46, 0x49, 0xfb]),
      advice: "is a qcow2 disk; where 'qemu-img snapshot -l FILE' lists a snapshot with a VM "
        + "size, start the guest's QEMU with '-S -loadvm NAME' and give "
        + "'dump-guest-memory vmcore' to its monitor"),
    Kind(
      "disk image", .text("KDMV"), .text("# Disk DescriptorFile"), .text("vhdxfile"),
      .text("conectix"), .text("<<< Oracle VM VirtualBox Disk Image >>>"), .text("QED\0"),
      advice: "is the disk of a virtual machine, expected its memory"),
    Kind(
      "VirtualBox saved state", .text("\u{7f}VirtualBox SavedState V"),
      advice: "is a saved state of VirtualBox, whose memory is packed: start the machine from it "
        + "and use 'VBoxManage debugvm NAME dumpvmcore --filename=vmcore'"),
    Kind(
      "Xen save", .text("Xen saved domain"), .text("libvirt-xml\n"), .text("LinuxGuestRecord"),
      .bytes([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x58, 0x45, 0x4e, 0x46]),
      advice: "is a saved domain of Xen: restore it paused ('xl restore -p FILE') and use "
        + "'xl dump-core DOMAIN vmcore'"),
    Kind(
      "Hyper-V", .bytes([0x14, 0x20, 0x28, 0x01]), .bytes([0x14, 0x20, 0x28, 0x01], at: 4096),
      advice: "is a saved state of Hyper-V, whose layout is not published: Microsoft's "
        + "VmSavedStateDumpProvider (vmsavedstatedumpprovider.dll) reads its memory"),
    Kind(
      "Proxmox backup", .text("VMA\0"),
      advice: "is a backup of Proxmox, which holds disks: use the volume 'vm-ID-state-NAME' of a "
        + "snapshot with memory"),
  ]

  /// What is no dump of any machine.
  static let others: [Kind] = [
    Kind(
      "other ELF", .any(isELF),
      advice: "is an ELF file that is no core: a kernel (vmlinux), a module or a program; "
        + "expected the memory of a machine, or a dump of it"),
    Kind(
      "kernel image", .any(isKernelImage),
      advice: "is a kernel to boot (bzImage), expected the memory of a machine"),
    Kind(
      "archive", .text("ustar", at: 257), .text("PK\u{3}\u{4}"), .text("070701"), .text("Rar!"),
      .bytes([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]),
      advice: "is an archive: take the dump out of it first"),
    Kind(
      "text", .any(isText),
      advice: "is a text, expected the memory of a machine, or a dump of it"),
  ]

  /// Cores are asked before.
  private static func isELF(_ head: [UInt8]) -> Bool {
    head.starts(with: [0x7f, 0x45, 0x4c, 0x46])
  }

  /// The x86 boot protocol's mark, behind a boot sector (`Documentation/arch/x86/boot.rst`).
  private static func isKernelImage(_ head: [UInt8]) -> Bool {
    Sign.text("HdrS", at: 0x202).matches(head) && Sign.bytes([0x55, 0xaa], at: 0x1fe).matches(head)
  }

  /// Lines of text and nothing else: no machine's memory begins with a page of them.
  private static func isText(_ head: [UInt8]) -> Bool {
    let part = head.prefix(4096)
    return part.contains(0x0a)
      && part.allSatisfy { (0x20...0x7e).contains($0) || (0x09...0x0d).contains($0) || $0 >= 0x80 }
  }
}
