# SPDX-License-Identifier: LGPL-2.1-or-later
"""cpio archives in the kernel's initramfs format ("newc"), everything owned by root."""

import os
import pathlib
import stat


class Archive:
    def __init__(self):
        self._data = bytearray()
        self._inode = 0
        self._directories = set()

    def _entry(self, name, mode, data=b"", mtime=0, rdev=(0, 0)):
        self._inode += 1
        encoded = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, int(mtime), len(data), 0, 0, *rdev,
                  len(encoded), 0)
        self._data += b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
        self._data += bytes(-len(self._data) % 4)
        self._data += data
        self._data += bytes(-len(self._data) % 4)

    def directory(self, name, mode=0o755):
        """A directory and all those above it."""
        parts = pathlib.PurePosixPath(name).parts
        for count in range(1, len(parts) + 1):
            path = "/".join(parts[:count])
            if path not in self._directories:
                self._directories.add(path)
                self._entry(path, stat.S_IFDIR | (mode if count == len(parts) else 0o755))

    def file(self, name, data, mode=0o644, mtime=0):
        """A file; data is text, bytes or the path to copy from."""
        if isinstance(data, pathlib.Path):
            mtime = mtime or data.stat().st_mtime
            data = data.read_bytes()
        elif isinstance(data, str):
            data = data.encode()
        self.directory(os.path.dirname(name))
        self._entry(name, stat.S_IFREG | mode, data, mtime)

    def symlink(self, name, target):
        self.directory(os.path.dirname(name))
        self._entry(name, stat.S_IFLNK | 0o777, target.encode())

    def console(self):
        """/dev/console, which the kernel opens for the first process."""
        self.directory("dev")
        self._entry("dev/console", stat.S_IFCHR | 0o600, rdev=(5, 1))

    def tree(self, source, prefix):
        """Everything below a directory of the host."""
        source = pathlib.Path(source)
        self.directory(prefix)
        for path in sorted(source.rglob("*")):
            name = f"{prefix}/{path.relative_to(source)}"
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode):
                self.symlink(name, os.readlink(path))
            elif stat.S_ISDIR(status.st_mode):
                self.directory(name, stat.S_IMODE(status.st_mode))
            elif stat.S_ISREG(status.st_mode):
                self.file(name, path, stat.S_IMODE(status.st_mode))

    def finish(self):
        self._entry("TRAILER!!!", 0)
        return bytes(self._data) + bytes(-len(self._data) % 512)
