# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the capture kernel says about /proc/vmcore (guest/capture.c, on the second serial port)."""

import dataclasses
import socket

from .util import Failure


@dataclasses.dataclass
class Capture:
    release: str            # of the capture kernel
    memory_kib: int         # its MemTotal
    cmdline: str
    loads: list             # (start, end, virtual address) of each PT_LOAD, end excluded
    prstatus: int           # NT_PRSTATUS notes, one for each CPU
    efi: dict = dataclasses.field(default_factory=dict)     # "0/type": of its EFI runtime map
    trouble: str = ""       # why there is no usable /proc/vmcore

    def covers(self, start, end):
        """Whether each byte of the physical range is in the dump."""
        for low, high in sorted((low, high) for low, high, _ in self.loads):
            if low <= start < high:
                start = high
        return start >= end

    def overlaps(self, start, end):
        """Whether any byte of the physical range is in the dump."""
        return any(low < end and start < high for low, high, _ in self.loads)

    def describe(self):
        ranges = ", ".join(f"{low:x}-{high - 1:x}" for low, high, _ in self.loads)
        return (f"capture kernel {self.release}, {self.memory_kib} KiB, {self.prstatus} CPUs, "
                f"PT_LOAD {ranges}{self.trouble and ', ' + self.trouble}")


class CapturePort:
    def __init__(self, client):
        self._socket = client
        self._buffer = b""

    def _line(self, limit):
        self._socket.settimeout(limit)
        while b"\n" not in self._buffer:
            try:
                data = self._socket.recv(65536)
            except socket.timeout:
                raise Failure("the capture kernel stopped answering") from None
            if not data:
                raise Failure("the capture kernel's port was closed")
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line.decode(errors="replace").strip()

    def is_ready(self, patience):
        """Whether the capture program has spoken; waits a little for it."""
        self._socket.settimeout(patience)
        try:
            data = self._socket.recv(65536)
        except (socket.timeout, OSError):
            return False
        self._buffer += data
        if b"ready" not in self._buffer:
            return False
        while not self._line(5).endswith("ready"):
            pass
        return True

    def ask(self, request, limit=60):
        self._socket.sendall(request.encode() + b"\n")
        lines = []
        while True:
            line = self._line(limit)
            if line == ".":
                return lines
            lines.append(line)

    def info(self):
        capture = Capture("", 0, "", [], 0)
        for line in self.ask("info"):
            key, _, rest = line.partition(" ")
            if key == "release":
                capture.release = rest
            elif key == "memory":
                capture.memory_kib = int(rest.split()[1])
            elif key == "cmdline":
                capture.cmdline = rest
            elif key == "efi":
                name, _, value = rest.partition(" ")
                capture.efi[name] = value
            elif key == "trouble":
                capture.trouble = rest
            elif key == "load":
                capture.loads.append(tuple(int(word, 16) for word in rest.split()))
            elif key == "prstatus":
                capture.prstatus = int(rest)
            else:
                raise Failure(f"unknown answer of the capture program: {line}")
        return capture

    def read(self, address, size):
        """The bytes at a physical address, or the text of the error."""
        kind, _, rest = self.ask(f"read {address:x} {size}")[0].partition(" ")
        return bytes.fromhex(rest) if kind == "data" else rest
