# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads dumps as makedumpfile writes them (version 6 of the format of diskdump), and ELF dumps."""

import struct
import zlib

from .util import Failure, check

PAGE_DESCRIPTOR = struct.Struct("<QIIQ")        # offset, size, flags, page flags
COMPRESSED_ZLIB = 0x1
COMPRESSED_ANY = 0x1 | 0x2 | 0x4 | 0x20


class DumpFile:
    """A dump in memory; every page that it says to have is checked to be there."""

    def __init__(self, data):
        self._data = data
        if data[:4] == b"\x7fELF":
            self._read_elf()
        elif data[:8] == b"KDUMP   ":
            self._read_kdump()
        else:
            raise Failure(f"no dump begins with {data[:8]!r}")

    def _read_elf(self):
        offset, = struct.unpack_from("<Q", self._data, 32)
        size, count = struct.unpack_from("<HH", self._data, 54)
        self._segments = []
        for i in range(count):
            kind, _, at, _, address, bytes_, _, _ = struct.unpack_from(
                "<IIQQQQQQ", self._data, offset + i * size)
            if kind == 1:
                check(at + bytes_ <= len(self._data), "a segment is behind the end of the file")
                self._segments.append((address, bytes_, at))
        self.pages = sum(size for _, size, _ in self._segments) // 4096
        self.release = ""

    def _read_kdump(self):
        data = self._data
        self._segments = None
        self.release = data[12 + 2 * 65:12 + 3 * 65].split(b"\0")[0].decode()
        block, sub_header, bitmaps = struct.unpack_from("<iiI", data, 428)
        self.level, = struct.unpack_from("<i", data, block + 8)
        start = (1 + sub_header + bitmaps // 2) * block
        self._bitmap = data[start:start + bitmaps // 2 * block]
        check(len(self._bitmap) == bitmaps // 2 * block, "the file ends in the bitmap")
        self._block = block
        self._descriptors = start + len(self._bitmap)
        self.pages = bin(int.from_bytes(self._bitmap, "little")).count("1")
        for i in range(self.pages):
            offset, size, _, _ = self._descriptor(i)
            check(0 < size <= block and offset + size <= len(data),
                  f"page {i} of {self.pages} is not in the file")

    def _descriptor(self, i):
        return PAGE_DESCRIPTOR.unpack_from(self._data,
                                           self._descriptors + i * PAGE_DESCRIPTOR.size)

    def read(self, address, size):
        """Bytes of one page by their physical address; None if they are not in the dump."""
        if self._segments is not None:
            for low, length, at in self._segments:
                if low <= address and address + size <= low + length:
                    return self._data[at + address - low:at + address - low + size]
            return None
        page = address // self._block
        if page // 8 >= len(self._bitmap) or not self._bitmap[page // 8] >> page % 8 & 1:
            return None
        before = int.from_bytes(self._bitmap[:page // 8], "little").bit_count()
        before += (self._bitmap[page // 8] & (1 << page % 8) - 1).bit_count()
        offset, length, flags, _ = self._descriptor(before)
        data = self._data[offset:offset + length]
        if flags & COMPRESSED_ZLIB:
            data = zlib.decompress(data)
        elif flags & COMPRESSED_ANY:
            raise Failure("only zlib and plain pages can be read: let makedumpfile run with -c")
        return data[address % self._block:address % self._block + size]
