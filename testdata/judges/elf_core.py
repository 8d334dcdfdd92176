"""What the judges beside this file read of an ELF core themselves: class 64, either byte order."""

import mmap
import struct
import sys

PT_LOAD, PT_NOTE, NT_PRSTATUS = 1, 4, 1


def expect(found, wanted, what):
    """Ends the program where something is not as it should be."""
    if found != wanted:
        sys.exit(f"{what}: found {str(found)[:200]}, expected {str(wanted)[:200]}")


class Core:
    """The bytes of a core, its loads and its byte order."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        expect(self.bytes[4], 2, "EI_CLASS")
        self.order = {1: "<", 2: ">"}[self.bytes[5]]
        self.notes = list(self._segments(PT_NOTE))
        self.loads = list(self._segments(PT_LOAD))

    def _segments(self, wanted):
        """(p_offset, p_paddr, p_filesz) of each segment of a type."""
        (table,) = struct.unpack_from(self.order + "Q", self.bytes, 32)
        size, count = struct.unpack_from(self.order + "HH", self.bytes, 54)
        for index in range(count):
            kind, _, offset, _, address, length = struct.unpack_from(
                self.order + "IIQQQQ", self.bytes, table + index * size
            )
            if kind == wanted and length > 0:
                yield offset, address, length

    def processors(self):
        """The number of NT_PRSTATUS notes."""
        count = 0
        for place, _, size in self.notes:
            end = place + size
            while place + 12 <= end:
                name, description, kind = struct.unpack_from(self.order + "III", self.bytes, place)
                count += kind == NT_PRSTATUS and self.bytes[place + 12 : place + 16] == b"CORE"
                place += 12 + (name + 3) // 4 * 4 + (description + 3) // 4 * 4
        return count


def lines(path):
    """The lines KEY=VALUE of a vmcoreinfo text."""
    with open(path, "rb") as file:
        return dict(line.split("=", 1) for line in file.read().decode().splitlines())


def system_name_address(information):
    """The virtual address of init_uts_ns.name: six texts of 65 bytes."""
    symbol = int(information["SYMBOL(init_uts_ns)"], 16)
    return symbol + int(information["OFFSET(uts_namespace.name)"])
