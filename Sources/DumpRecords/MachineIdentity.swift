package import Bytes

/// How files tell what machine they are of: data of one architecture, for readers of any format.
package struct MachineIdentity: Equatable, Sendable {
  /// What `uname -m` prints, and what this program calls it.
  package let name: String
  /// `e_machine` of its core files; the first is what its kernels write.
  package let machines: [ELFMachine]
  /// The classes that its core headers can have.
  package let classes: [ELFClass]
  /// Its byte order.
  package let order: ByteOrder
  /// Size of a register of the kernel in bytes, whatever the class of a header.
  package let wordSize: Int
  /// `utsname.machine` of its kernels.
  package let systemNames: [NamePattern]
  /// `utsname.machine` as other writers of dumps spell it, in lower case; of the whole family.
  package let family: NamePattern
  /// Size of `struct elf_prstatus` in bytes (`include/linux/elfcore.h`,
  /// `arch/*/include/asm/elf.h`).
  package let statusSize: UInt32

  /// An identity from its parts.
  package init(
    name: String, machines: [ELFMachine], classes: [ELFClass], order: ByteOrder, wordSize: Int,
    systemNames: [NamePattern], family: NamePattern, statusSize: UInt32
  ) {
    self.name = name
    self.machines = machines
    self.classes = classes
    self.order = order
    self.wordSize = wordSize
    self.systemNames = systemNames
    self.family = family
    self.statusSize = statusSize
  }

  /// Whether a header can be one of this machine.
  package func matches(
    _ machine: ELFMachine, _ elfClass: ELFClass, _ order: ByteOrder
  ) -> Bool {
    machines.contains(machine) && classes.contains(elfClass) && self.order == order
  }

  /// The class of a header that this program builds.
  package var nativeClass: ELFClass { wordSize == 8 ? .bits64 : .bits32 }
}

/// A text with wildcards: `?` stands for one character, `*` at the end for any rest.
package struct NamePattern: Equatable, Sendable, ExpressibleByStringLiteral {
  private let text: [UInt8]

  /// A pattern as it is written.
  package init(stringLiteral text: String) {
    self.text = Array(text.utf8)
  }

  /// Whether a name is one of those that the pattern stands for.
  package func matches(_ name: String) -> Bool {
    let name = Array(name.utf8)
    let isOpen = text.last == UInt8(ascii: "*")
    let fixed = isOpen ? text.dropLast() : text[...]
    guard isOpen ? name.count >= fixed.count : name.count == fixed.count else { return false }
    return zip(fixed, name).allSatisfy { $0 == UInt8(ascii: "?") || $0 == $1 }
  }
}
