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
    "grub": ("grub-efi-amd64", "grub-pc-bin", "apt"),   # the first brings /etc/default/grub
    "systemd-boot": ("systemd-boot", "systemd-boot-efi", "systemd-ukify"),
}

ROOT_UUID = "7d1c0a52-2c66-4f6b-9d29-0d2f6b64756d"
ROOT_TYPE = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709"
ESP_TYPE = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
ESP_SERIAL = "CCCCDDDD"
SECTOR = 512
GAP = 2048                          # sectors before the first partition
ESP_SECTORS = 128 << 11
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

ENTRY = """title Debian
version {release}
options root=UUID={uuid} {words}
linux /debian/{release}/linux
initrd /debian/{release}/initrd.img-{release}
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
                 GRUB_CFG, ENTRY, SOURCE / "initramfs.sh", RECIPE)
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
    {"grub": _make_grub, "systemd-boot": _make_systemd_boot}[loader](kernel, tree, disk)
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


def _make_systemd_boot(kernel, tree, disk):
    """systemd-boot for UEFI, which finds it by its name; an entry, and a unified kernel image."""
    words = f"root=UUID={ROOT_UUID} {WORDS}"
    (tree / "etc/kernel").mkdir(exist_ok=True)
    (tree / "etc/kernel/entry-token").write_text("debian\n")
    (tree / "etc/kernel/install.conf").write_text("layout=bls\n")
    (tree / "boot/efi").mkdir()
    (tree / "etc/fstab").write_text(
        f"UUID={ESP_SERIAL[:4]}-{ESP_SERIAL[4:]} /boot/efi vfat umask=0077 0 0\n")
    run(["chroot", tree, "ukify", "build", f"--linux=/boot/vmlinuz-{kernel.release}",
         f"--initrd=/boot/initrd.img-{kernel.release}", f"--uname={kernel.release}",
         f"--cmdline={words}", "--output=/boot/unified.efi"])
    start = GAP + ESP_SECTORS
    _partition(disk, f"label: gpt\n1 : start={GAP}, size={ESP_SECTORS}, type={ESP_TYPE}\n"
                     f"2 : start={start}, size={DISK_SECTORS - start - GAP}, type={ROOT_TYPE}\n")
    esp = disk.with_suffix(".esp")
    with open(esp, "wb") as file:
        file.truncate(ESP_SECTORS * SECTOR)
    run(["mkfs.vfat", "-F", "32", "-i", ESP_SERIAL, esp])
    entry, conf = disk.with_suffix(".entry"), disk.with_suffix(".conf")
    entry.write_text(ENTRY.format(uuid=ROOT_UUID, release=kernel.release, words=WORDS))
    conf.write_text(f"timeout 0\ndefault debian-{kernel.release}.conf\n")
    run(["mmd", "-i", esp, *(f"::{name}" for name in (
        "EFI", "EFI/BOOT", "EFI/Linux", "loader", "loader/entries", "debian",
        f"debian/{kernel.release}"))])
    for source, target in (
            (tree / "usr/lib/systemd/boot/efi/systemd-bootx64.efi", "EFI/BOOT/BOOTX64.EFI"),
            (tree / "boot/unified.efi", f"EFI/Linux/debian-{kernel.release}.efi"),
            (entry, f"loader/entries/debian-{kernel.release}.conf"), (conf, "loader/loader.conf"),
            (kernel.vmlinuz, f"debian/{kernel.release}/linux"),
            (tree / f"boot/initrd.img-{kernel.release}",
             f"debian/{kernel.release}/initrd.img-{kernel.release}")):
        run(["mcopy", "-i", esp, source, f"::{target}"])
    (tree / "boot/unified.efi").unlink()
    _copy_into(disk, esp, GAP)
    for file in (esp, entry, conf):
        file.unlink()
    _write_root(tree, disk, start)
