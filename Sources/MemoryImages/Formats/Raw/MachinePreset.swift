/// A QEMU x86 machine whose RAM leaves room for devices below 4 GiB: its RAM file has no bytes for
/// that hole. Figures: `info mtree -f`, QEMU `hw/i386/pc_piix.c`, `pc_q35.c`, `microvm.c`.
package struct MachinePreset: Sendable, Hashable {
  /// What `--machine` calls it.
  package let name: String
  /// Where low RAM ends when there is enough RAM for a hole.
  package let lowEnd: UInt64
  /// Amount of RAM from which on there is a hole.
  package let threshold: UInt64

  /// Where RAM goes on behind the hole.
  package static let highStart: UInt64 = 1 << 32

  /// i440FX, since QEMU 2.0.
  package static let pc = MachinePreset(
    name: "pc", lowEnd: 0xc000_0000, threshold: 0xe000_0000)
  /// Q35.
  package static let q35 = MachinePreset(
    name: "q35", lowEnd: 0x8000_0000, threshold: 0xb000_0000)
  /// microvm.
  package static let microvm = MachinePreset(
    name: "microvm", lowEnd: 0xc000_0000, threshold: 0xc000_0000)

  /// Every machine that is known.
  package static let all: [MachinePreset] = [.pc, .q35, .microvm]

  /// The layout of a RAM file of `size` bytes; with little RAM there is no hole.
  package func layout(forSize size: UInt64) -> ImageLayout {
    let holes = size >= threshold ? [lowEnd..<MachinePreset.highStart] : []
    return ImageLayout(base: 0, holes: holes, name: "machine \(name)")
  }
}
