# SPDX-License-Identifier: LGPL-2.1-or-later
"""Parts that take long to make, kept by a digest of what they are made from."""

import fcntl
import hashlib
import os
import pathlib
import shutil
import tempfile

KEEP = 4        # entries of one name that are kept; older ones are deleted


def default_directory():
    configured = os.environ.get("KDUMPD_VM_CACHE")
    if configured:
        return pathlib.Path(configured)
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME", "/var/tmp")) / "kdumpd-vm"


def digest(*parts):
    """A short digest of texts, bytes and the contents of files."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, pathlib.Path):
            data = part.read_bytes()
        elif isinstance(part, bytes):
            data = part
        else:
            data = str(part).encode()
        total.update(len(data).to_bytes(8, "little"))
        total.update(data)
    return total.hexdigest()[:16]


class Cache:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)

    def get(self, name, key, build, says=None):
        """The directory of (name, key); build(directory) fills it if it is not there."""
        final = self.directory / f"{name}-{key}"
        with open(self.directory / f"{name}.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not final.is_dir():
                if says:
                    says(f"building {name} (kept in the cache)")
                work = pathlib.Path(tempfile.mkdtemp(prefix=f".{name}-", dir=self.directory))
                try:
                    build(work)
                    work.chmod(0o755)
                    work.rename(final)
                finally:
                    shutil.rmtree(work, ignore_errors=True)
            os.utime(final)
            self._prune(name)
        return final

    def _prune(self, name):
        length = len(name) + 1 + 16
        entries = [entry for entry in self.directory.glob(f"{name}-*")
                   if len(entry.name) == length and entry.is_dir()]
        entries.sort(key=lambda entry: entry.stat().st_mtime, reverse=True)
        for old in entries[KEEP:]:
            shutil.rmtree(old, ignore_errors=True)
