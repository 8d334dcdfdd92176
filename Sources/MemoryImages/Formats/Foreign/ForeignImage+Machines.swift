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
      .text("conectix"), .text("QED\0"), .any(isVDI),
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
      "old form of lz4", .bytes([0x02, 0x21, 0x4c, 0x18]),
      advice: "is packed in the old form of lz4 ('lz4 -l'): unpack it first, as in "
        + "'lz4 -dcq < FILE > image.bin'"),
    Kind(
      "lzma", .any(isLZMA),
      advice: "is packed with lzma: unpack it first, as in "
        + "'xz --format=lzma -dc < FILE > image.bin'"),
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

  /// The mark stands behind a text that names whoever made the disk.
  private static func isVDI(_ head: [UInt8]) -> Bool {
    head.starts(with: Array("<<< ".utf8))
      && Sign.bytes([0x7f, 0x10, 0xda, 0xbe], at: 64).matches(head)
  }

  /// The head of a kernel to boot of arm64 or riscv64 (`Documentation/arch/arm64/booting.rst`,
  /// `arch/riscv/boot-image-header.rst`). Memory that begins with a kernel holds the same: only a file
  /// that ends with that kernel is nothing else.
  static func isFlatKernel(_ head: [UInt8], size: UInt64) -> Bool {
    guard
      Sign.text("ARM\u{64}", at: 0x38).matches(head)
        || Sign.text("RSC\u{5}", at: 0x38).matches(head),
      let memory: UInt64 = try? ByteReader(head, order: .little).peek(at: 0x10)
    else { return false }
    // Behind a kernel its signature may stand; its last part, which is zero, is in no file.
    return memory >= 1 << 16 && memory < 1 << 32 && size <= memory + (1 << 20)
  }

  /// A kernel to boot without a mark that tells it from memory.
  static let flatKernel = format(
    Kind(
      "Image", advice: "is a kernel to boot (Image), expected the memory of a machine"))

  /// A `.lzma` file has no magic: the usual properties, a dictionary of a size that programs choose, a
  /// size that is not known or below 2⁴⁸, and the zero with which every stream begins.
  private static func isLZMA(_ head: [UInt8]) -> Bool {
    guard head.count > 64, head[0] == 0x5d, head[13] == 0,
      let dictionary: UInt32 = try? ByteReader(head, order: .little).peek(at: 1),
      let size: UInt64 = try? ByteReader(head, order: .little).peek(at: 5)
    else { return false }
    let isUsual =
      dictionary >= 4096 && dictionary.nonzeroBitCount <= 2
      && dictionary.leadingZeroBitCount + dictionary.trailingZeroBitCount
        + dictionary.nonzeroBitCount
        == 32
    return isUsual && (size == .max || size > 0 && size < 1 << 48)
      && head[14..<64].contains { $0 != 0 }
  }

  /// Lines of text and nothing else: no machine's memory begins with a page of them.
  private static func isText(_ head: [UInt8]) -> Bool {
    let part = head.prefix(4096)
    return part.contains(0x0a)
      && part.allSatisfy { (0x20...0x7e).contains($0) || (0x09...0x0d).contains($0) || $0 >= 0x80 }
  }
}
