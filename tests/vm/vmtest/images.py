# SPDX-License-Identifier: LGPL-2.1-or-later
"""The two initial file systems: the guest's own, and that of the capture kernel."""

import pathlib

from .archive import Archive
from .guesttools import SOURCE
from .util import run

TOOLS = "usr/local/lib/vmtest"      # where the guest finds the tools
BUSYBOX = pathlib.Path("/bin/busybox")
EFI_STUB = pathlib.Path("/usr/lib/systemd/boot/efi/linuxx64.efi.stub")


def capture_initrd(tools):
    """The kdump initrd: one static program that answers questions about /proc/vmcore."""
    archive = Archive()
    archive.console()
    for name in ("proc", "sys"):
        archive.directory(name)
    archive.file("init", tools / "capture", 0o755)
    return archive.finish()


def _start(kernel):
    archive = Archive()
    archive.console()
    for name in ("proc", "sys", "root", "bin"):
        archive.directory(name)
    archive.file("bin/busybox", BUSYBOX, 0o755)
    archive.file("init", SOURCE / "initramfs.sh", 0o755)
    for path in sorted(kernel.modules.iterdir()):
        archive.file(f"modules/{path.name}", path)
    return archive


def _lay_over(archive, tools, destdir):
    for path in sorted(destdir.iterdir()) if destdir else ():
        # In the guest these are links into /usr, which a directory must not replace.
        merged = "usr/" if path.name in ("bin", "lib", "lib64", "sbin") else ""
        archive.tree(path, f"overlay/{merged}{path.name}")
    for path in sorted(tools.iterdir()):
        if path.name != "capture":
            archive.file(f"overlay/{TOOLS}/{path.name}", path, 0o755)
    units = "overlay/etc/systemd/system"
    archive.file(f"{units}/vmtest-agent.service", SOURCE / "vmtest-agent.service")
    archive.symlink(f"{units}/sysinit.target.wants/vmtest-agent.service",
                    "../vmtest-agent.service")


def boot_initrd(kernel, tools, destdir=None, captures=False):
    """Mounts the root and lays the tree to be tested over it before systemd starts.

    With captures, kdumpd finds the modules to make the initrd of the capture kernel of, as on any
    machine; otherwise the configuration names the bench's own."""
    archive = _start(kernel)
    _lay_over(archive, tools, destdir)
    archive.file(f"overlay/boot/vmlinuz-{kernel.release}", kernel.vmlinuz)
    archive.file(f"overlay/boot/config-{kernel.release}", kernel.config)
    if captures:
        archive.tree(kernel.tree, f"overlay/usr/lib/modules/{kernel.release}")
    else:
        initrd = f"boot/initrd-{kernel.release}-kdump"
        archive.file(f"overlay/{initrd}", capture_initrd(tools), 0o600)
        archive.file("overlay/usr/lib/kdumpd/kdumpd.conf.d/50-vmtest.conf",
                     f"[Image]\nInitrd=/{initrd}\n")
    return archive.finish()


def disk_initrd(kernel):
    """For a disk with a boot loader of its own: what is laid over its root is on another disk."""
    archive = _start(kernel)
    archive.file("partitioned", "")
    return archive.finish()


def overlay_disk(tools, destdir):
    """That disk, which has the kernel and its modules already."""
    archive = Archive()
    _lay_over(archive, tools, destdir)
    return archive.finish()


def unified_kernel(kernel, initrd, command_line, where):
    """A unified kernel image as distributions make them: systemd's stub, with these sections."""
    parts = {"cmdline": (0x30000, command_line.encode()),
             "uname": (0x40000, kernel.release.encode()),
             "linux": (0x2000000, kernel.vmlinuz.read_bytes()),
             "initrd": (0x8000000, initrd)}
    words = []
    for name, (address, data) in parts.items():
        file = where.with_suffix(f".{name}")
        file.write_bytes(data)
        words += ["--add-section", f".{name}={file}", "--change-section-vma",
                  f".{name}={address:#x}"]
    run(["objcopy", *words, EFI_STUB, where])
    for name in parts:
        where.with_suffix(f".{name}").unlink()
