"""Compares the memory of a dump, as libkdumpfile reads it, with raw memory, address = offset.

Usage: memory_by_libkdumpfile.py RAW DUMP FORMAT ARCHITECTURE

FORMAT and ARCHITECTURE are libkdumpfile's words.
"""

import os
import sys

import kdumpfile

from elf_core import expect

AT_ONCE = 4 << 20


def main(raw_path, dump_path, form, architecture):
    dump = kdumpfile.kdumpfile(dump_path)
    expect(dump.attr["file.format"], form, "file.format")
    expect(dump.attr["arch.name"], architecture, "arch.name")
    size = os.stat(raw_path).st_size
    page = dump.attr["arch.page_size"]
    expect(dump.attr["max_pfn"] * page, size, "bytes of memory")
    with open(raw_path, "rb") as raw:
        for address in range(0, size, AT_ONCE):
            wanted = raw.read(AT_ONCE)
            found = dump.read(kdumpfile.KDUMP_MACHPHYSADDR, address, len(wanted))
            expect(bytes(found) == wanted, True, f"whether memory from {address:#x} on is equal")
    print(f"{form}: {size // page} pages are equal")


main(*sys.argv[1:])
