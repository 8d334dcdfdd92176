"""What the judges beside this file read of libkdumpfile's bitmaps."""

from kdumpfile.exceptions import NoDataException


def runs(bitmap):
    """The runs of set bits of a bitmap of libkdumpfile."""
    found, end = [], 0
    while True:
        try:
            start = bitmap.find_set(end)
        except NoDataException:
            return found
        end = bitmap.find_clear(start)
        found.append([start, end])
