"""Compares a dump, as libkdumpfile reads it, with an ELF vmcore of the same memory.

Usage: by_libkdumpfile.py VMCORE DUMP VMCOREINFO MACHINE

DUMP is anything that libkdumpfile opens, VMCOREINFO a file with the text of the note, MACHINE what
`uname -m` prints.
"""

import sys

import kdumpfile

from elf_core import Core, expect, lines, system_name_address
from pagemap import runs

AT_ONCE = 4 << 20
UTS = ["sysname", "nodename", "release", "version", "machine", "domainname"]


def union(ranges):
    """Ascending ranges that do not touch, of the same numbers."""
    merged = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return merged


def compare_load(core, dump, load, page):
    """Compares every page of a load."""
    place, address, size = load
    for done in range(0, size, AT_ONCE):
        count = min(AT_ONCE, size - done)
        wanted = core.bytes[place + done : place + done + count]
        found = dump.read(kdumpfile.KDUMP_MACHPHYSADDR, address + done, count)
        if found != wanted:
            for at in range(0, count, page):
                if found[at : at + page] != wanted[at : at + page]:
                    sys.exit(f"the page at {address + done + at:#x} differs")


def compare_rests(dump, held, last, page):
    """Expects zeros in what no load holds of the first and the last page of each stretch."""
    edges = [0] + [edge for stretch in held for edge in stretch] + [last]
    for start, end in zip(edges[::2], edges[1::2]):
        behind = start, min(end, -(-start // page) * page)
        before = max(start, end // page * page), end
        for low, high in (behind, before):
            if low < high:
                found = dump.read(kdumpfile.KDUMP_MACHPHYSADDR, low, high - low)
                expect(bytes(found), bytes(high - low), f"what no load holds at {low:#x}")


def compare_memory(core, dump, page):
    """Compares all memory, and which pages there are; returns how many."""
    for load in core.loads:
        compare_load(core, dump, load, page)
    held = union([address, address + size] for _, address, size in core.loads)
    frames = union([start // page, -(-end // page)] for start, end in held)
    compare_rests(dump, held, frames[-1][1] * page, page)
    for name in "memory.pagemap", "file.pagemap":
        expect(runs(dump.attr[name]), frames, name)
    return sum(end - start for start, end in frames)


def compare_information(core, dump, text, information, machine):
    """Compares what libkdumpfile says of the machine and of vmcoreinfo."""
    attributes = dump.attr
    expect(bytes(attributes["linux.vmcoreinfo.raw"]), text, "vmcoreinfo")
    for key, value in information.items():
        expect(attributes["linux.vmcoreinfo.lines." + key], value, key)
    expect(attributes["arch.name"], machine.removesuffix("le"), "arch.name")
    expect(attributes["arch.byte_order"], {"<": 1, ">": 0}[core.order], "arch.byte_order")
    expect(attributes["arch.page_size"], int(information["PAGESIZE"]), "arch.page_size")
    expect(attributes.get("cpu.number", 0), core.processors(), "cpu.number")
    expect(attributes["linux.uts.release"], information["OSRELEASE"], "linux.uts.release")


def compare_names(dump, dump_path, information, machine):
    """Compares the names in the headers with those in memory, read at their virtual address."""
    dump.attr["addrxlat.ostype"] = "linux"
    names = dump.read(kdumpfile.KDUMP_KVADDR, system_name_address(information), 65 * len(UTS))
    names = [bytes(names[at : at + 65]).split(b"\0")[0].decode() for at in range(0, len(names), 65)]
    expect(names[4], machine, "the machine that the kernel knows")
    # From an ELF core libkdumpfile takes nothing but the release, which it takes from vmcoreinfo.
    if dump.attr["file.format"] == "diskdump":
        expect([dump.attr["linux.uts." + field] for field in UTS], names, "linux.uts")
        with open(dump_path, "rb") as file:
            release = file.read(512)[12 + 2 * 65 :].split(b"\0")[0].decode()
        expect(release, names[2], "utsname.release of the header")


def main(core_path, dump_path, text_path, machine):
    core = Core(core_path)
    dump = kdumpfile.kdumpfile(dump_path)
    with open(text_path, "rb") as file:
        text = file.read()
    information = lines(text_path)
    count = compare_memory(core, dump, int(information["PAGESIZE"]))
    compare_information(core, dump, text, information, machine)
    compare_names(dump, dump_path, information, machine)
    print(f"{dump.attr['file.format']}: {count} pages are equal")


main(*sys.argv[1:])
