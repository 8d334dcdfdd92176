"""Compares what is left of a filtered dump, as libkdumpfile and drgn read it, with the whole vmcore.

Usage: filtered.py VMCORE DUMP VMCOREINFO MACHINE
"""

import sys

import drgn
import kdumpfile
from kdumpfile.exceptions import NoDataException

from elf_core import Core, expect, lines, system_name_address
from pagemap import runs

AT_ONCE = 256


def frames(core, page):
    """The bytes of each frame that one load holds whole, by its place in the file."""
    places = {}
    for place, address, size in core.loads:
        for frame in range(-(-address // page), (address + size) // page):
            places[frame] = place + frame * page - address
    return places


def compare(core, dump, page):
    """Compares all pages that the dump holds; returns their number."""
    places, count = frames(core, page), 0
    for start, end in runs(dump.attr["file.pagemap"]):
        for first in range(start, end, AT_ONCE):
            last = min(end, first + AT_ONCE)
            found = dump.read(kdumpfile.KDUMP_MACHPHYSADDR, first * page, (last - first) * page)
            for frame in range(first, last):
                if frame in places:
                    at = (frame - first) * page
                    wanted = core.bytes[places[frame] : places[frame] + page]
                    expect(found[at : at + page] == wanted, True, f"whether frame {frame:#x} is equal")
                    count += 1
    expect(0 < count < len(places), True, "whether something is left out, and something is not")
    return count


def main(core_path, dump_path, text_path, machine):
    core = Core(core_path)
    information = lines(text_path)
    page = int(information["PAGESIZE"])
    dump = kdumpfile.kdumpfile(dump_path)
    count = compare(core, dump, page)
    held = runs(dump.attr["file.pagemap"])
    try:
        dump.read(kdumpfile.KDUMP_MACHPHYSADDR, held[0][1] * page, page)
        sys.exit(f"frame {held[0][1]:#x} is not left out")
    except NoDataException:
        pass
    program = drgn.Program()
    program.set_core_dump(dump_path)
    names = program.read(system_name_address(information), 6 * 65)
    expect(names[130:195].split(b"\0")[0].decode(), information["OSRELEASE"], "the release")
    print(f"{count} pages are equal")


main(*sys.argv[1:])
