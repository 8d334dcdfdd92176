"""Compares a dump, as drgn opens it, with an ELF vmcore of the same memory.

Usage: by_drgn.py VMCORE DUMP VMCOREINFO MACHINE

See by_libkdumpfile.py, which compares everything; here it is the first and the last bytes of each
load at their physical addresses, and the kernel's own name at its virtual address.
"""

import sys

import drgn

from elf_core import Core, expect, lines, system_name_address

AT_ONCE = 64 << 10


def main(core_path, dump_path, text_path, machine):
    core = Core(core_path)
    information = lines(text_path)
    program = drgn.Program()
    program.set_core_dump(dump_path)
    expect(program.platform.arch.name, machine.removesuffix("le").upper(), "the architecture")
    is_little = drgn.PlatformFlags.IS_LITTLE_ENDIAN in program.platform.flags
    expect(is_little, core.order == "<", "whether it is little-endian")
    expect(drgn.ProgramFlags.IS_LINUX_KERNEL in program.flags, True, "whether it is a kernel")
    for place, address, size in core.loads:
        count = min(size, AT_ONCE)
        for at in 0, size - count:
            found = program.read(address + at, count, physical=True)
            wanted = core.bytes[place + at : place + at + count]
            expect(found == wanted, True, f"whether the memory at {address + at:#x} is equal")
    names = program.read(system_name_address(information), 6 * 65)
    found = [names[at : at + 65].split(b"\0")[0].decode() for at in (0, 130, 260)]
    expect(found, ["Linux", information["OSRELEASE"], machine], "the kernel's name")
    print(f"{len(core.loads)} loads are equal")


main(*sys.argv[1:])
