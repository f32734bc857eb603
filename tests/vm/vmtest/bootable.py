# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks that boot by themselves: Debian with a boot loader, made without loop devices."""

import os
import shutil

from . import apt, rootfs
from .cache import digest
from .guesttools import SOURCE
from .images import disk_initrd
from .util import SetupError, run

# {loader: packages that guests need besides those of rootfs}
LOADERS = {
    "grub": ("grub-efi-amd64", "grub-pc-bin"),      # which brings /etc/default/grub
}

ROOT_UUID = "7d1c0a52-2c66-4f6b-9d29-0d2f6b64756d"
SECTOR = 512
GAP = 2048                          # sectors before the first partition
DISK_SECTORS = 1700 << 11

# What the guests boot with, apart from root= and crashkernel=.
WORDS = ("ro console=ttyS0,115200 panic=1 oops=panic mitigations=off nowatchdog no_timer_check "
         "audit=0 apparmor=0 random.trust_cpu=on net.ifnames=0")

GRUB_CFG = """set timeout=0
search --no-floppy --fs-uuid --set=root {uuid}
menuentry Debian {{
        linux /boot/vmlinuz-{release} root=UUID={uuid} {words}
        initrd /boot/initrd.img-{release}
}}
"""

RECIPE = 2      # to be raised when the building below changes


def prepare(cache, kernel, loader, says=None):
    """The path of a disk (raw) with this kernel and one of the LOADERS."""
    if os.geteuid() != 0:
        raise SetupError("the disk has to be built by root (mmdebstrap, mke2fs -d)")
    packages = rootfs.versions(apt.Apt(kernel.root, cache.directory),
                               (*rootfs.PACKAGES, *LOADERS[loader]))
    key = digest(sorted(packages.items()), rootfs.MASKED, rootfs.EXCLUDED,
                 sorted(rootfs.FILES.items()), rootfs.RECIPE, kernel.vmlinuz.parent.name, WORDS,
                 GRUB_CFG, SOURCE / "initramfs.sh", RECIPE)
    directory = cache.get(f"disk-{loader}-{kernel.root}", key,
                          lambda where: _build(kernel, loader, packages, where), says)
    return directory / "disk.raw"


def _build(kernel, loader, packages, directory):
    tree, disk = directory / "tree", directory / "disk.raw"
    rootfs.make_tree(kernel.root, packages, tree)
    (tree / f"boot/initrd.img-{kernel.release}").write_bytes(disk_initrd(kernel))
    shutil.copy(kernel.vmlinuz, tree / f"boot/vmlinuz-{kernel.release}")
    shutil.copy(kernel.config, tree / f"boot/config-{kernel.release}")
    shutil.copytree(kernel.tree, tree / f"usr/lib/modules/{kernel.release}", symlinks=True)
    with open(disk, "wb") as file:
        file.truncate(DISK_SECTORS * SECTOR)
    {"grub": _make_grub}[loader](kernel, tree, disk)
    shutil.rmtree(tree)


def _partition(disk, table):
    listing = disk.with_suffix(".table")
    listing.write_text(table)
    run(["sh", "-c", f"sfdisk -q {disk} <{listing}"])
    listing.unlink()


def _write_root(tree, disk, start):
    kib = (DISK_SECTORS - start - GAP) // 2         # a GPT has a copy of itself at the end
    run(["mke2fs", "-q", "-t", "ext4", "-O", "^metadata_csum,^64bit", "-m", "0", "-U", ROOT_UUID,
         "-d", tree, "-E", f"offset={start * SECTOR}", disk, f"{kib}k"])


def _copy_into(disk, file, sector, size=None):
    with open(file, "rb") as source, open(disk, "r+b") as target:
        target.seek(sector * SECTOR)
        target.write(source.read(size) if size else source.read())


def _make_grub(kernel, tree, disk):
    """GRUB for a BIOS. In the gap before the first partition, boot.img finds core.img by itself."""
    modules = tree / "usr/lib/grub/i386-pc"
    shutil.copytree(modules, tree / "boot/grub/i386-pc", dirs_exist_ok=True)
    run(["chroot", tree, "grub-mkimage", "-O", "i386-pc", "-o", "/boot/grub/i386-pc/core.img", "-p",
         "(hd0,msdos2)/boot/grub", "biosdisk", "part_msdos", "ext2"])
    (tree / "boot/grub/grub.cfg").write_text(
        GRUB_CFG.format(uuid=ROOT_UUID, release=kernel.release, words=WORDS))
    defaults = tree / "etc/default/grub"
    defaults.write_text('GRUB_DEFAULT=0\nGRUB_TIMEOUT=0\nGRUB_DISTRIBUTOR=Debian\n'
                        f'GRUB_CMDLINE_LINUX_DEFAULT=""\nGRUB_CMDLINE_LINUX="{WORDS}"\n')
    _partition(disk, f"label: dos\n2 : start={GAP}, type=83, bootable\n")
    _write_root(tree, disk, GAP)
    _copy_into(disk, modules / "boot.img", 0, 440)
    _copy_into(disk, tree / "boot/grub/i386-pc/core.img", 1)
