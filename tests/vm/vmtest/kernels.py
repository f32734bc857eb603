# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's kernels, unpacked to what a guest needs."""

import dataclasses
import fnmatch
import lzma
import pathlib
import re
import shutil
import struct
import subprocess

from . import apt
from .cache import digest
from .util import SetupError, run


class Gone(Exception):
    """The archive no longer has a kernel that was asked for by its version."""


@dataclasses.dataclass(frozen=True)
class Flavour:
    release: str            # of Debian, whose archive has the kernel
    root: str               # of Debian, in which it runs
    pattern: str            # what `uname -r` says, the newest of which is taken
    packages: tuple         # that it comes in, the first of which has the kernel itself
    pinned: tuple = ()      # `uname -r` and the packages' version, in place of the newest
    updates_itself: bool = True


IMAGE = ("linux-image-{}-unsigned",)
PARTS = ("linux-binary-{}", "linux-base-{}", "linux-modules-{}")

FLAVOURS = {
    "new": Flavour("bookworm", "bookworm", r"6\.12\.[^-]*-amd64", IMAGE),
    "old": Flavour("bookworm", "bookworm", r"6\.1\.0-[0-9]+-amd64", IMAGE, updates_itself=False),
    "trixie": Flavour("trixie", "trixie", r"6\.12\.[^-]*-amd64", IMAGE),
    "newest": Flavour("sid", "trixie", r"[0-9.]+\+deb[0-9]+-amd64", PARTS,
                      ("7.2.13+deb14-amd64", "7.2.13-1")),
}

# What the first kernel loads before it can mount its root; dependencies are added.
MODULES = ("virtio_pci", "virtio_blk", "virtio_console", "virtio_mem", "ext4", "crc32c_generic")

# What guests that build a capture initramfs have in /lib/modules, below "kernel/": all that could
# lead to their disks, so that it is a choice what of it is packed.
TREE = ("arch/x86/crypto", "crypto", "lib/[!t]*.ko", "lib/lz4", "lib/zstd", "lib/raid6", "lib/math",
        "lib/crypto", "lib/xz", "fs/ext4", "fs/xfs", "fs/btrfs", "fs/quota",
        "fs/fat", "fs/nls", "fs/efivarfs",
        "drivers/block", "drivers/ata", "drivers/virtio", "drivers/md", "drivers/watchdog",
        "drivers/char", "drivers/dax", "drivers/nvdimm", "drivers/scsi/*.ko",
        "drivers/scsi/device_handler")

RECIPE = 5      # to be raised when unpacking below changes


@dataclasses.dataclass(frozen=True)
class Kernel:
    flavour: str            # one of FLAVOURS
    release: str            # uname -r
    vmlinuz: pathlib.Path   # as Debian ships it; this is what gets loaded as capture kernel
    vmlinux: pathlib.Path   # the ELF kernel inside, which QEMU starts without decompressing
    modules: pathlib.Path   # *.ko, and the file "order"
    tree: pathlib.Path      # TREE with what depmod(8) makes of it: becomes /lib/modules/RELEASE
    config: pathlib.Path    # becomes /boot/config-RELEASE

    @property
    def updates_itself(self):
        """Whether this kernel keeps a loaded image up to date by itself (CONFIG_CRASH_HOTPLUG)."""
        return FLAVOURS[self.flavour].updates_itself

    @property
    def root(self):
        """The release of Debian that it runs in."""
        return FLAVOURS[self.flavour].root


def prepare(name, cache, says=None, pinned=True):
    """The kernel of one of FLAVOURS; Gone if it is pinned and nobody has it any more."""
    flavour = FLAVOURS[name]
    if pinned and flavour.pinned:
        release, version = flavour.pinned
    else:
        release, version = _find_newest(flavour, cache)
    packages = [package.format(release) for package in flavour.packages]
    key = digest(" ".join(packages), version, " ".join(MODULES), " ".join(TREE), RECIPE)
    directory = cache.get(f"kernel-{name}", key,
                          lambda where: _unpack(flavour, release, packages, version, cache, where),
                          says)
    return Kernel(name, release, directory / "vmlinuz", directory / "vmlinux",
                  directory / "modules", directory / "tree", directory / "config")


def _find_newest(flavour, cache):
    pattern = flavour.packages[0].format(f"({flavour.pattern})")
    package, version = apt.Apt(flavour.release, cache.directory).newest(pattern)
    return re.fullmatch(pattern, package).group(1), version


def _unpack(flavour, release, packages, version, cache, directory):
    archive = apt.Apt(flavour.release, cache.directory)
    tree = directory / "unpacked"
    for package in packages:
        if not archive.has(package, version):
            raise Gone(f"the archive no longer has {package} {version}")
        deb = archive.download(package, version, directory)
        run(["dpkg-deb", "-x", deb, tree])
        deb.unlink()
    if (tree / "usr/lib/modules").exists():     # depmod(8) wants them where they were before
        (tree / "lib").mkdir(exist_ok=True)
        (tree / "usr/lib/modules").rename(tree / "lib/modules")
    modules = tree / "lib/modules" / release
    for name in ("vmlinuz", "config"):          # which may be beside the modules
        places = (tree / f"boot/{name}-{release}", modules / name)
        next(path for path in places if path.exists()).rename(directory / name)
    (modules / "System.map").unlink(missing_ok=True)
    (directory / "vmlinux").write_bytes(_elf_kernel((directory / "vmlinuz").read_bytes()))
    _pick_modules(modules, directory / "modules")
    run(["depmod", "-b", tree, release])
    _prune_modules(modules)
    run(["depmod", "-b", tree, release])
    modules.rename(directory / "tree")
    shutil.rmtree(tree)


def _elf_kernel(image):
    """The ELF kernel that a bzImage carries as its payload."""
    if image[0x202:0x206] != b"HdrS":
        raise SetupError("the kernel is not a bzImage")
    start = (image[0x1f1] + 1) * 512 + struct.unpack_from("<I", image, 0x248)[0]
    payload = image[start:start + struct.unpack_from("<I", image, 0x24c)[0]]
    if payload.startswith(b"\xfd7zXZ\0"):
        elf = lzma.LZMADecompressor().decompress(payload)
    elif payload.startswith(b"\x28\xb5\x2f\xfd"):
        elf = _zstd(payload[:-4])       # the last four bytes are the size, not zstd's
    else:
        raise SetupError(f"kernel payload of an unknown compression: {payload[:4].hex()}")
    if not elf.startswith(b"\x7fELF"):
        raise SetupError("the kernel's payload is not ELF")
    return elf


def _zstd(data):
    return subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, check=True).stdout


def _prune_modules(modules):
    """Leave of a tree of modules what TREE names, and what that needs."""
    def is_wanted(name):
        plain = re.sub(r"\.(xz|zst)$", "", name).removeprefix("kernel/")
        return any(plain == entry or plain.startswith(f"{entry}/")
                   or fnmatch.fnmatchcase(plain, entry) and plain.count("/") == entry.count("/")
                   for entry in TREE)

    kept = set()
    for line in (modules / "modules.dep").read_text().splitlines():
        name, _, needs = line.partition(":")
        if is_wanted(name):
            kept |= {name, *needs.split()}
    for path in modules.rglob("*.ko*"):
        if str(path.relative_to(modules)) not in kept:
            path.unlink()
    for path in sorted(modules.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()


def _pick_modules(tree, target):
    """Copy MODULES and what they depend on, uncompressed, with the order to load them in."""
    target.mkdir()
    files = {re.sub(r"\.ko(\.xz|\.zst)?$", "", path.name).replace("-", "_"): path
             for path in tree.rglob("*.ko*")}
    order = []

    def take(name, needed):
        if name in order or (name not in files and not needed):
            return          # not there: built into this kernel
        path = files[name]
        data = path.read_bytes()
        if path.suffix == ".xz":
            data = lzma.decompress(data)
        elif path.suffix == ".zst":
            data = _zstd(data)
        depends = re.search(rb"\0depends=([^\0]*)\0", data)
        for other in filter(None, depends.group(1).decode().split(",") if depends else ()):
            take(other.replace("-", "_"), True)
        (target / f"{name}.ko").write_bytes(data)
        order.append(name)

    for module in MODULES:
        take(module, False)
    (target / "order").write_text("\n".join(order) + "\n")
